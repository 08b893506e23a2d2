import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { readLayout } from "../../buildpacks/lifecycle/image-layout.ts";
import { contentName } from "../../buildpacks/shared/apt-output.ts";
import type { PackageList } from "../../buildpacks/shared/base-packages.ts";
import { type Tell, tellStep } from "../../cli/src/cluster/tell-steps.ts";
import { type Assembly, assemble } from "./assemble-image.ts";
import { type Architecture, type DebianRelease, hostArchitecture } from "./debian-release.ts";
import { fetchPackages, openApt, resolvePackages } from "./fetch-packages.ts";
import { ImageError } from "./image-error.ts";
import { machineRelease } from "./machine-release.ts";
import { makeAside, settle } from "./make-aside.ts";
import { makeToolRoot } from "./make-tool-root.ts";

/** An image that was made, or had been before. */
export interface MadeImage {
  /** Its OCI layout. */
  readonly folder: string;
  /** Of its manifest. */
  readonly digest: string;
  readonly packages: number;
  readonly bytes: number;
}

/** A kind of image that is made of packages. */
export interface PackagedImage extends Pick<Assembly, "more" | "makeConfig"> {
  readonly list: PackageList;
  /** Folder in the cache for the packages' files. */
  readonly files: string;
  /** Whatever makes the image another one beside its packages and the source files here. */
  readonly recipe: string;
}

/**
 * Makes an image of this machine's release for an architecture, which need not be this machine's, from the newest packages its sources have, unless there is one of just
 * these. A folder that is there is whole; what a killed maker has left is removed by the next.
 * @throws ImageError that says what to do
 */
export async function makePackagedImage(
  cache: string,
  describe: (release: DebianRelease, aside: string) => Promise<PackagedImage>,
  { architecture, tell }: { readonly architecture: Architecture; readonly tell: Tell },
): Promise<MadeImage> {
  const release = machineRelease();
  return await makeAside(cache, async (aside) => {
    const image = await describe(release, aside);
    const apt = await tellStep(tell, "Reading the package lists", () =>
      openApt(join(aside, "apt"), release, architecture),
    );
    const packages = await resolvePackages(apt, release, image.list);
    const folder = join(cache, contentName(packages, `${architecture} ${await recipe(image)}`));
    if (!existsSync(folder)) {
      const foreign = architecture !== hostArchitecture();
      const files = join(cache, foreign ? `${image.files}-${architecture}` : image.files);
      const megabytes = Math.ceil(packages.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6);
      await tellStep(
        tell,
        `Fetching ${packages.length} packages (${megabytes} MB, those not there yet)`,
        () => fetchPackages(apt, packages, files),
      );
      const layers = Object.keys(image.list);
      const tools = foreign ? await makeToolRoot(join(aside, "tools"), release, { cache, tell }) : undefined;
      await assemble({ ...image, layers, packages, release, files, aside, tell, tools });
      await settle(join(aside, "layout"), folder);
    }
    return await describeMade(folder, packages.length);
  });
}

async function recipe(image: PackagedImage): Promise<string> {
  const hash = createHash("sha256").update(image.recipe);
  const sources = (await readdir(import.meta.dirname)).filter((name) =>
    /(?<!\.test|-fixtures)\.ts$/.test(name),
  );
  for (const name of sources.sort())
    hash.update(`\n${name}\n`).update(await readFile(join(import.meta.dirname, name)));
  return hash.digest("hex");
}

async function describeMade(folder: string, packages: number): Promise<MadeImage> {
  const image = await readLayout(folder);
  if (!image) throw new ImageError("failed", `${folder} holds no image. Remove the folder and try again.`);
  const bytes = image.manifest.layers.reduce((sum, { size }) => sum + size, 0);
  return { folder, digest: image.digest, packages, bytes };
}
