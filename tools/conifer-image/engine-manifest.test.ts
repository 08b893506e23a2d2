import { expect, it } from "vitest";
import { makeEngineManifest } from "./engine-manifest.ts";

it("names an image, its config and its layers, the lowest first, by their paths in the layout", () => {
  const image = { config: "sha256:cc", layers: ["sha256:01", "sha256:02"] };
  expect(makeEngineManifest("conifer/machine:1.2.3", image)).toEqual([
    {
      Config: "blobs/sha256/cc",
      RepoTags: ["conifer/machine:1.2.3"],
      Layers: ["blobs/sha256/01", "blobs/sha256/02"],
    },
  ]);
});
