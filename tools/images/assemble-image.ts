import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type ImageLayer, writeImage } from "../../buildpacks/lifecycle/image-layout.ts";
import { type Tell, tellStep } from "../../cli/src/cluster/tell-steps.ts";
import { makeManifest, type OciConfig } from "../../platform/src/delivery/image/index.ts";
import { RUN_USER } from "../../platform/src/drivers/embedded/builds/index.ts";
import type { DebianRelease } from "./debian-release.ts";
import { type ChosenPackage, packageFile } from "./fetch-packages.ts";
import { finishForeignRoot, finishRoot } from "./finish-root.ts";
import { MADE, packRoot } from "./pack-root.ts";
import { unpackPackages } from "./unpack-packages.ts";

/** A layer with what it is, for people. */
export interface NamedLayer extends ImageLayer {
  readonly what: string;
}

/** What an image is put together from. */
export interface Assembly {
  readonly packages: readonly ChosenPackage[];
  /** Layers of packages, the lowest first. */
  readonly layers: readonly string[];
  readonly release: DebianRelease;
  /** Folder with the packages' files. */
  readonly files: string;
  /** Folder to work in; the image's layout will be `layout` in it. */
  readonly aside: string;
  readonly tell: Tell;
  /** For another architecture than this machine's: a root of this machine's, with the programs that finish one. */
  readonly tools?: string | undefined;
  /** Layers above those of packages, written into the layout. */
  readonly more: (layout: string) => Promise<readonly NamedLayer[]>;
  readonly makeConfig: (layers: readonly NamedLayer[]) => OciConfig;
}

/** Unpacks packages, makes a root of them, and packs that into an image. */
export async function assemble(assembly: Assembly): Promise<void> {
  const { packages, layers, release, files, aside, tell, tools } = assembly;
  const [root, layout] = [join(aside, "root"), join(aside, "layout")];
  await mkdir(root);
  const inFiles = packages.map((one) => ({ ...one, file: join(files, packageFile(one)) }));
  const paths = await tellStep(tell, "Unpacking them", () => unpackPackages(inFiles, root));
  await tellStep(tell, "Making what their scripts would have made", () =>
    tools === undefined
      ? finishRoot(root, packages, RUN_USER)
      : finishForeignRoot(root, packages, { user: RUN_USER, tools }),
  );
  await tellStep(tell, "Packing the layers", async () => {
    const packed = await packRoot({ root, paths, user: RUN_USER, layers }, layout);
    const names = [...layers, MADE].map((name) => `${release.id} ${release.version}: ${name}`);
    const made = [
      ...packed.map((layer, n) => ({ ...layer, what: names[n] ?? "" })),
      ...(await assembly.more(layout)),
    ];
    await writeImage(layout, assembly.makeConfig(made), (config) =>
      makeManifest(
        config,
        made.map(({ descriptor }) => descriptor),
      ),
    );
  });
}
