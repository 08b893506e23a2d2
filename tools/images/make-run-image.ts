import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { readLayout } from "../../buildpacks/lifecycle/image-layout.ts";
import { makeRunConfig, RUN_USER } from "../../platform/src/drivers/embedded/builds/index.ts";
import { findProgram } from "../cluster/machine-needs.ts";
import { type Tell, tellStep } from "../cluster/tell-progress.ts";
import { contentName } from "./apt-output.ts";
import { assemble } from "./assemble-image.ts";
import { type DebianRelease, requireRelease } from "./debian-release.ts";
import { fetchPackages, openApt, resolvePackages } from "./fetch-packages.ts";
import { ImageError } from "./image-error.ts";
import { makeAside, settle } from "./make-aside.ts";

/** An image that was made, or had been before. */
export interface MadeImage {
  /** Its OCI layout. */
  readonly folder: string;
  /** Of its manifest. */
  readonly digest: string;
  readonly packages: number;
  readonly bytes: number;
}

/**
 * Makes the run image of this machine's release, from the newest packages its sources have, unless there is one of just
 * these. A folder that is there is whole; what a killed maker has left is removed by the next.
 * @throws ImageError that says what to do
 */
export async function makeRunImage(cache: string, tell: Tell): Promise<MadeImage> {
  const text = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  const release = requireRelease(text, (program) => findProgram(program) !== undefined);
  return await makeAside(cache, async (aside) => {
    const apt = await tellStep(tell, "Reading the package lists", () => openApt(join(aside, "apt"), release));
    const packages = await resolvePackages(apt, release);
    const folder = join(cache, contentName(packages, await recipe(release)));
    if (!existsSync(folder)) {
      const files = join(cache, "packages");
      const megabytes = Math.ceil(packages.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6);
      await tellStep(
        tell,
        `Fetching ${packages.length} packages (${megabytes} MB, those not there yet)`,
        () => fetchPackages(apt, packages, files),
      );
      await assemble({ packages, release, files, aside, tell });
      await settle(join(aside, "layout"), folder);
    }
    return await describe(folder, packages.length);
  });
}

/** Whatever makes an image another one: this release, its config, and every source file here. */
async function recipe({ id, version }: DebianRelease): Promise<string> {
  const hash = createHash("sha256").update(`${id} ${version} ${process.arch}`);
  const layer = { diffId: "", what: "" };
  const host = { architecture: "amd64", distroName: id, distroVersion: version } as const;
  hash.update(JSON.stringify([makeRunConfig(host, [layer]), RUN_USER]));
  const sources = (await readdir(import.meta.dirname)).filter((name) =>
    /(?<!\.test|-fixtures)\.ts$/.test(name),
  );
  for (const name of sources.sort())
    hash.update(`\n${name}\n`).update(await readFile(join(import.meta.dirname, name)));
  return hash.digest("hex");
}

async function describe(folder: string, packages: number): Promise<MadeImage> {
  const image = await readLayout(folder);
  if (!image) throw new ImageError("failed", `${folder} holds no image. Remove the folder and try again.`);
  const bytes = image.manifest.layers.reduce((sum, { size }) => sum + size, 0);
  return { folder, digest: image.digest, packages, bytes };
}
