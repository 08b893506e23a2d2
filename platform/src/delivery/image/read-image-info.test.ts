import { describe, expect, it } from "vitest";
import { LABEL, SECRETS_LABEL } from "./cnb-labels.ts";
import { makeFakeImageStore } from "./image-store-fake.ts";
import { encodeDocument, MEDIA, makeManifest, type OciConfig } from "./oci-documents.ts";
import { readImageInfo } from "./read-image-info.ts";

const BUILD = {
  processes: [
    { type: "web", command: ["bash", "-c"], args: ["serve"], direct: true, "working-dir": "/workspace/a" },
    { type: "worker", command: "work --fast", args: [], direct: false },
  ],
  buildpacks: [
    { id: "test/a", version: "1.0.0", homepage: "https://a.example" },
    { id: "test/b", version: "2.0.0" },
  ],
};
const RUN = { runImage: { image: "local/run:base", topLayer: "sha256:top", reference: "x" } };

async function store(config: Partial<OciConfig>, layers = 1) {
  const images = makeFakeImageStore();
  const layer = await images.write(Buffer.from("layer"));
  const document = {
    architecture: "amd64",
    os: "linux",
    config: {},
    rootfs: { type: "layers" as const, diff_ids: [layer.digest] },
    ...config,
  };
  const encoded = encodeDocument(MEDIA.config, document);
  await images.write(encoded.bytes);
  const descriptor = { mediaType: MEDIA.layer, digest: layer.digest, size: 5 };
  const manifest = makeManifest(
    encoded.descriptor,
    Array.from({ length: layers }, () => descriptor),
  );
  const { digest } = await images.write(encodeDocument(MEDIA.manifest, manifest).bytes);
  return { images, digest, configSize: encoded.bytes.length };
}

describe("what an image says of itself", () => {
  it("is read from the labels and the entry point", async () => {
    const { images, digest, configSize } = await store({
      config: {
        Labels: { [LABEL.build]: JSON.stringify(BUILD), [LABEL.lifecycle]: JSON.stringify(RUN) },
        Entrypoint: ["/cnb/process/worker"],
      },
    });
    expect(await readImageInfo(images, digest)).toEqual({
      digest,
      architecture: "amd64",
      processes: [
        {
          type: "web",
          command: ["bash", "-c"],
          args: ["serve"],
          direct: true,
          default: false,
          workingDir: "/workspace/a",
        },
        { type: "worker", command: ["work --fast"], args: [], direct: false, default: true },
      ],
      buildpacks: BUILD.buildpacks,
      runImage: { name: "local/run:base", topLayer: "sha256:top" },
      sizeBytes: configSize + 5,
    });
  });

  it("names the config vars that need a secret", async () => {
    const { images, digest } = await store({ config: { Labels: { [SECRETS_LABEL]: "A_KEY, B_KEY" } } });
    expect((await readImageInfo(images, digest)).secrets).toEqual(["A_KEY", "B_KEY"]);
  });

  it("is little for an image that no lifecycle made", async () => {
    const { images, digest } = await store({});
    expect(await readImageInfo(images, digest)).toMatchObject({
      processes: [],
      buildpacks: [],
      runImage: { name: "", topLayer: "" },
    });
  });

  it("is an error for another architecture, missing documents and layers that do not add up", async () => {
    const other = await store({ architecture: "s390x" });
    await expect(readImageInfo(other.images, other.digest)).rejects.toThrow("s390x");
    const uneven = await store({}, 2);
    await expect(readImageInfo(uneven.images, uneven.digest)).rejects.toThrow("diff_ids");
    await expect(readImageInfo(makeFakeImageStore(), other.digest)).rejects.toMatchObject({
      id: "not_found",
    });
  });
});
