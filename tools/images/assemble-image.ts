import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writeImage } from "../../buildpacks/lifecycle/image-layout.ts";
import { makeManifest } from "../../platform/src/delivery/image/index.ts";
import { makeRunConfig, RUN_USER } from "../../platform/src/drivers/embedded/builds/index.ts";
import { type Tell, tellStep } from "../cluster/tell-progress.ts";
import type { DebianRelease } from "./debian-release.ts";
import { type ChosenPackage, packageFile } from "./fetch-packages.ts";
import { finishRoot } from "./finish-root.ts";
import { packRoot, ROOT_LAYERS } from "./pack-root.ts";
import { unpackPackages } from "./unpack-packages.ts";

/** What an image is put together from. */
interface Assembly {
  readonly packages: readonly ChosenPackage[];
  readonly release: DebianRelease;
  /** Folder with the packages' files. */
  readonly files: string;
  /** Folder to work in; the image's layout will be `layout` in it. */
  readonly aside: string;
  readonly tell: Tell;
}

/** Unpacks packages, makes a root of them, and packs that into an image. */
export async function assemble({ packages, release, files, aside, tell }: Assembly): Promise<void> {
  const [root, layout] = [join(aside, "root"), join(aside, "layout")];
  await mkdir(root);
  const inFiles = packages.map((one) => ({ ...one, file: join(files, packageFile(one)) }));
  const paths = await tellStep(tell, "Unpacking them", () => unpackPackages(inFiles, root));
  await tellStep(tell, "Making what their scripts would have made", () =>
    finishRoot(root, packages, RUN_USER),
  );
  await tellStep(tell, "Packing the layers", async () => {
    const layers = await packRoot({ root, paths, user: RUN_USER }, layout);
    const architecture = process.arch === "arm64" ? "arm64" : "amd64";
    const host = { architecture, distroName: release.id, distroVersion: release.version } as const;
    const made = layers.map(({ diffId }, n) => ({
      diffId,
      what: `${release.id} ${release.version}: ${ROOT_LAYERS[n]}`,
    }));
    await writeImage(layout, makeRunConfig(host, made), (config) =>
      makeManifest(
        config,
        layers.map(({ descriptor }) => descriptor),
      ),
    );
  });
}
