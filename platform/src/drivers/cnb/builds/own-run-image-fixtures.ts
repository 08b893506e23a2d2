import {
  digestOf,
  encodeDocument,
  type ImageStore,
  MEDIA,
  makeManifest,
} from "../../../delivery/image/index.ts";
import { makeRunConfig } from "./run-image.ts";

/** Stores a run image as `npm run images` makes them, of small layers, and returns its digest. */
export async function storeOwnRunImage(
  store: Pick<ImageStore, "write">,
  architecture: "amd64" | "arm64" = "amd64",
  texts: readonly string[] = ["system", "programs"],
): Promise<string> {
  const release = { architecture, distroName: "debian", distroVersion: "12" } as const;
  const layers = texts.map((text) => Buffer.from(text));
  const parts = layers.map((layer) => ({ diffId: digestOf(layer), what: "packages" }));
  const config = encodeDocument(MEDIA.config, makeRunConfig(release, parts));
  const descriptors = layers.map((layer) => ({
    mediaType: MEDIA.layer,
    digest: digestOf(layer),
    size: layer.length,
  }));
  const manifest = encodeDocument(MEDIA.manifest, makeManifest(config.descriptor, descriptors));
  for (const bytes of [...layers, config.bytes, manifest.bytes]) await store.write(bytes);
  return manifest.descriptor.digest;
}
