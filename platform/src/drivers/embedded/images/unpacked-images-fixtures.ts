import { buffer } from "node:stream/consumers";
import {
  encodeDocument,
  type ImageStore,
  LABEL,
  type LayerEntry,
  MEDIA,
  makeManifest,
  packLayer,
} from "../../../delivery/image/index.ts";
import type { HostRelease } from "../../cnb/builds/index.ts";

export const TEST_HOST: HostRelease = { architecture: "amd64", distroName: "debian", distroVersion: "12" };

/** A small file of a layer. */
export function layerFile(path: string, text: string): LayerEntry {
  const content = Buffer.from(text);
  return { kind: "file", path, mode: 0o644, content, size: content.length };
}

export interface MadeAppImage {
  readonly labels?: Readonly<Record<string, string>>;
  readonly architecture?: string;
  readonly user?: string;
}

/** Stores an image of these layers, the lowest first, with a web process, and returns its digest. */
export async function makeAppImage(
  store: ImageStore,
  layers: readonly (readonly LayerEntry[])[],
  made: MadeAppImage = {},
): Promise<string> {
  const descriptors = [];
  for (const entries of layers) {
    const { digest, sizeBytes } = await store.write(
      await buffer(packLayer(entries, { uid: 1000, gid: 1000 })),
    );
    descriptors.push({ mediaType: MEDIA.layer, digest, size: sizeBytes });
  }
  const process = { type: "web", command: ["serve"], args: [], direct: true };
  const config = encodeDocument(MEDIA.config, {
    architecture: made.architecture ?? "amd64",
    os: "linux",
    config: {
      Env: ["PATH=/cnb/process:/usr/bin", "EMPTY=", "WITH=a=b"],
      WorkingDir: "/workspace",
      ...(made.user ? { User: made.user } : {}),
      Labels: { [LABEL.build]: JSON.stringify({ processes: [process] }), ...made.labels },
    },
    rootfs: { type: "layers", diff_ids: descriptors.map(({ digest }) => digest) },
  });
  await store.write(config.bytes);
  const manifest = encodeDocument(MEDIA.manifest, makeManifest(config.descriptor, descriptors));
  return (await store.write(manifest.bytes)).digest;
}
