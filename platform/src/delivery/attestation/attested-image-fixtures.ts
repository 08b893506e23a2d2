import {
  digestOf,
  encodeDocument,
  type ImageStore,
  LABEL,
  MEDIA,
  makeManifest,
  type OciDescriptor,
} from "../image/index.ts";
import { tarOf } from "../source/tar-fixtures.ts";

/** An app image as a lifecycle makes it, with buildpacks' bills in a layer. */
export interface TestImage {
  readonly subject: OciDescriptor;
  readonly digest: string;
}

const RUN_DIGEST = digestOf("run image");

export const BILL = JSON.stringify({
  bomFormat: "CycloneDX",
  specVersion: "1.4",
  components: [
    {
      name: "node",
      version: "24.1.0",
      purl: "pkg:generic/node@24.1.0",
      licenses: [{ license: { id: "MIT" } }],
    },
    { name: "lodash", version: "4.17.20", purl: "pkg:npm/lodash@4.17.20" },
  ],
});

/** Stores an image; `extra` makes it another one. */
export async function storeImage(
  store: Pick<ImageStore, "write">,
  extra = "",
  bill = BILL,
): Promise<TestImage> {
  const app = Buffer.from(`app ${extra}`);
  const bills = await tarOf(
    { name: "layers/sbom/launch/", type: "directory" },
    { name: "layers/sbom/launch/test_node/runtime/sbom.cdx.json", content: bill },
    {
      name: "layers/sbom/launch/test_node/runtime/sbom.spdx.json",
      content: "not read: the other form is preferred",
    },
  );
  const layers = [app, bills];
  const labels = {
    [LABEL.build]: JSON.stringify({
      processes: [{ type: "web", command: ["node"], args: [], direct: true }],
      buildpacks: [{ id: "test/node", version: "1.2.3", homepage: "https://example.com/node" }],
      launcher: { version: "0.9.0" },
    }),
    [LABEL.lifecycle]: JSON.stringify({
      sbom: { sha: digestOf(bills) },
      runImage: { image: "conifer/run", topLayer: "", reference: `conifer/run@${RUN_DIGEST}` },
    }),
  };
  const config = encodeDocument(MEDIA.config, {
    ...{ architecture: "amd64", os: "linux", created: "1980-01-01T00:00:01Z", config: { Labels: labels } },
    rootfs: { type: "layers", diff_ids: layers.map((layer) => digestOf(layer)) },
  });
  const manifest = encodeDocument(
    MEDIA.manifest,
    makeManifest(
      config.descriptor,
      layers.map((layer) => ({ mediaType: MEDIA.layer, digest: digestOf(layer), size: layer.length })),
    ),
  );
  for (const bytes of [...layers, config.bytes, manifest.bytes]) await store.write(bytes);
  return { subject: manifest.descriptor, digest: manifest.descriptor.digest };
}

export const LOCK = JSON.stringify({
  lockfileVersion: 3,
  packages: {
    "": { name: "app" },
    "node_modules/lodash": { version: "4.17.20", license: "MIT" },
    "node_modules/vitest": { version: "1.0.0", dev: true },
  },
});
