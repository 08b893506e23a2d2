import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { contentName } from "../../buildpacks/shared/apt-output.ts";
import { type Tell, tellStep } from "../../cli/src/cluster/tell-steps.ts";
import type { Architecture, DebianRelease } from "../images/debian-release.ts";
import {
  type ChosenPackage,
  fetchPackages,
  openApt,
  packageFile,
  resolvePackages,
} from "../images/fetch-packages.ts";
import { makeRootFiles } from "../images/finish-root.ts";
import type { AppUser } from "../images/made-files.ts";
import { makeAside } from "../images/make-aside.ts";
import { MADE, packRoot } from "../images/pack-root.ts";
import { unpackPackages } from "../images/unpack-packages.ts";
import { choosePackagesFor, type Purpose, packagesFor } from "./conifer-packages.ts";
import { describeDebianPackage } from "./describe-debian-package.ts";
import { type KeptLayers, keepLayers, type NamedLayer } from "./kept-layers.ts";
import { sourcesDigest } from "./sources-digest.ts";

/** Who Conifer's roles run as. */
export const CONIFER_USER: AppUser = {
  ...{ name: "conifer", uid: 1000, gid: 1000 },
  home: "/var/lib/conifer",
  shell: "/bin/sh",
};

interface BaseWanted {
  readonly cache: string;
  readonly release: DebianRelease;
  readonly architecture: Architecture;
  readonly purpose: Purpose;
  readonly tell: Tell;
}

/**
 * The layers of Debian packages, of the newest that this machine's sources have for an architecture, which need not be
 * this machine's: nothing of them is run.
 * @throws ImageError that says what to do
 */
export async function makeBaseLayers(wanted: BaseWanted): Promise<KeptLayers> {
  const { cache, release, architecture, purpose, tell } = wanted;
  const list = packagesFor(purpose);
  return await makeAside(cache, async (aside) => {
    const apt = await tellStep(tell, `Reading the package lists for ${architecture}`, () =>
      openApt(join(aside, "apt"), release, architecture),
    );
    const packages = choosePackagesFor(purpose, await resolvePackages(apt, release, list));
    const recipe = JSON.stringify([release, purpose, CONIFER_USER, await sourcesDigest(RECIPE_FOLDERS)]);
    const name = `base-${architecture}-${contentName(packages, recipe)}`;
    return await keepLayers(cache, name, async (folder, place) => {
      const files = join(cache, `packages-${purpose}-${architecture}`);
      const megabytes = Math.ceil(packages.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6);
      await tellStep(
        tell,
        `Fetching ${packages.length} packages (${megabytes} MB, those not there yet)`,
        () => fetchPackages(apt, packages, files),
      );
      return await tellStep(tell, "Packing them", () =>
        pack({ packages, names: Object.keys(list), files, release, place, folder }),
      );
    });
  });
}

/** Whose files say how a root is made. */
const RECIPE_FOLDERS = [join(import.meta.dirname, "../images"), import.meta.dirname];

interface Packing {
  readonly packages: readonly ChosenPackage[];
  /** Of the layers, the lowest first. */
  readonly names: readonly string[];
  readonly files: string;
  readonly release: DebianRelease;
  readonly place: string;
  readonly folder: string;
}

async function pack({ packages, names, files, release, place, folder }: Packing) {
  const root = join(place, "root");
  await mkdir(root);
  const inFiles = packages.map((one) => ({ ...one, file: join(files, packageFile(one)) }));
  const paths = await unpackPackages(inFiles, root);
  await makeRootFiles(root, packages, CONIFER_USER);
  const packed = await packRoot({ root, paths, user: CONIFER_USER, layers: names }, folder);
  const layers: NamedLayer[] = packed.map((layer, n) => ({
    ...layer,
    what: `${release.id} ${release.version}: ${[...names, MADE][n]}`,
  }));
  const described = await Promise.all(packages.map((one) => describeDebianPackage(root, one)));
  await rm(root, { recursive: true });
  return { layers, packages: described };
}
