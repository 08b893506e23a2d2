import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { RUN_PACKAGES } from "../../buildpacks/shared/base-packages.ts";
import { type Tell, tellStep } from "../../cli/src/cluster/tell-steps.ts";
import { RUN_USER } from "../../platform/src/drivers/embedded/builds/index.ts";
import type { DebianRelease } from "./debian-release.ts";
import { fetchPackages, openApt, packageFile, resolvePackages } from "./fetch-packages.ts";
import { makeRootFiles } from "./finish-root.ts";

import { unpackPackages } from "./unpack-packages.ts";

/**
 * Makes a root for this machine, of the run image's packages: its programs finish roots of another architecture, whose own
 * cannot run here. Returns its folder.
 * @throws ImageError when the packages cannot be had
 */
export async function makeToolRoot(
  folder: string,
  release: DebianRelease,
  { cache, tell }: { readonly cache: string; readonly tell: Tell },
): Promise<string> {
  const root = join(folder, "root");
  await mkdir(root, { recursive: true });
  return await tellStep(tell, "Making this machine's own root, whose programs are needed", async () => {
    const apt = await openApt(join(folder, "apt"), release);
    const packages = await resolvePackages(apt, release, RUN_PACKAGES);
    const files = join(cache, "packages");
    await fetchPackages(apt, packages, files);
    const inFiles = packages.map((one) => ({ ...one, file: join(files, packageFile(one)) }));
    await unpackPackages(inFiles, root);
    await makeRootFiles(root, packages, RUN_USER);
    return root;
  });
}
