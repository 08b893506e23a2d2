import { LABEL } from "./cnb-labels.ts";
import type { ImageStore } from "./image-ports.ts";
import { encodeDocument, MEDIA, makeManifest } from "./oci-documents.ts";

/** Stores an image for these processors with layers of these texts, as a build leaves it, and returns its manifest's digest. */
export async function storePlatformImage(
  store: Pick<ImageStore, "write">,
  architecture: string,
  {
    layers = ["app"],
    command = ["serve"],
  }: { readonly layers?: readonly string[]; readonly command?: readonly string[] } = {},
): Promise<string> {
  const written = await Promise.all(layers.map((text) => store.write(Buffer.from(text))));
  const build = { processes: [{ type: "web", command, args: [], direct: true }], buildpacks: [] };
  const config = encodeDocument(MEDIA.config, {
    ...{ architecture, os: "linux", config: { Labels: { [LABEL.build]: JSON.stringify(build) } } },
    rootfs: { type: "layers", diff_ids: written.map(({ digest }) => digest) },
  });
  await store.write(config.bytes);
  const parts = written.map(({ digest, sizeBytes }) => ({ mediaType: MEDIA.layer, digest, size: sizeBytes }));
  return (await store.write(encodeDocument(MEDIA.manifest, makeManifest(config.descriptor, parts)).bytes))
    .digest;
}
