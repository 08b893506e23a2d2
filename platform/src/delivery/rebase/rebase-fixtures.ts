import {
  digestOf,
  encodeDocument,
  type ImageInfo,
  type ImageStore,
  joinImages,
  LABEL,
  MEDIA,
  makeManifest,
  type OciDescriptor,
  readPlatformImage,
} from "../image/index.ts";
import type { RunImageBuild } from "./rebasing.ts";

export const RUN_NAME = "example/run:1";
const DISTRO = { [LABEL.distroName]: "debian", [LABEL.distroVersion]: "12" };

type Store = Pick<ImageStore, "write">;

async function storeLayers(store: Store, layers: readonly Buffer[]): Promise<readonly OciDescriptor[]> {
  for (const layer of layers) await store.write(layer);
  return layers.map((layer) => ({ mediaType: MEDIA.layer, digest: digestOf(layer), size: layer.length }));
}

async function storeDocuments(
  store: Store,
  layers: readonly OciDescriptor[],
  { architecture, config }: { readonly architecture: string; readonly config: object },
): Promise<string> {
  const encoded = encodeDocument(MEDIA.config, {
    ...{ architecture, os: "linux", created: "1980-01-01T00:00:01Z", config },
    rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
    history: layers.map(({ digest }) => ({ created_by: digest.slice(0, 12) })),
  });
  const manifest = encodeDocument(MEDIA.manifest, makeManifest(encoded.descriptor, layers));
  await store.write(encoded.bytes);
  await store.write(manifest.bytes);
  return manifest.descriptor.digest;
}

/** A run image as its maker stores it, and what else a test needs of it. */
export interface TestRunImage extends RunImageBuild {
  readonly layers: readonly OciDescriptor[];
}

/** Stores a build of a run image: a base that all builds share, and a layer of this version. */
export async function storeRunImage(
  store: Store,
  version: string,
  { name = RUN_NAME, architecture = "amd64" }: Partial<Pick<RunImageBuild, "name" | "architecture">> = {},
): Promise<TestRunImage> {
  const patch = architecture === "amd64" ? `patched ${version}` : `patched ${version} for ${architecture}`;
  const layers = await storeLayers(store, [Buffer.from("base"), Buffer.from(patch)]);
  const config = { Labels: { ...DISTRO, "io.buildpacks.base.version": version } };
  const digest = await storeDocuments(store, layers, { architecture, config });
  return { name, digest, topLayer: layers.at(-1)?.digest ?? "", architecture, layers };
}

/** Stores the index of images that are in the store, as a build for several processors leaves it. */
export async function storeIndex(store: ImageStore, digests: readonly string[]): Promise<ImageInfo> {
  const images = await Promise.all(digests.map((digest) => readPlatformImage(store, { digest })));
  const { index, info } = joinImages(images);
  await store.write(index.bytes);
  return info;
}

export interface AppImageOptions {
  /** Makes it another image. */
  readonly content?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly processes?: Readonly<Record<string, string>>;
}

/** Stores an app's image on a run image, as a lifecycle exports one, and returns its digest. */
export async function storeAppImage(
  store: Store,
  run: TestRunImage,
  { content = "app", labels = {}, processes = { web: "serve" } }: AppImageOptions = {},
): Promise<string> {
  const own = await storeLayers(store, [
    Buffer.from(`dependencies of ${content}`),
    Buffer.from(`app ${content}`),
  ]);
  const told = Object.entries(processes).map(([type, command]) => ({
    ...{ type, command: ["sh", "-c", command], args: [], direct: true },
  }));
  const config = {
    Entrypoint: ["/cnb/process/web"],
    Labels: {
      ...DISTRO,
      [LABEL.build]: JSON.stringify({ processes: told, buildpacks: [{ id: "test/a", version: "1" }] }),
      [LABEL.lifecycle]: JSON.stringify({
        app: [{ sha: own[1]?.digest }],
        runImage: { image: run.name, topLayer: run.topLayer, reference: run.digest },
      }),
      ...labels,
    },
  };
  const { architecture = "amd64" } = run;
  return await storeDocuments(store, [...run.layers, ...own], { architecture, config });
}
