import { expect, it } from "vitest";
import { makeFakeImageStore } from "../../../delivery/image/image-store-fake.ts";
import { runImagesSuite } from "../../../delivery/rebase/run-images-suite.ts";
import { openRegistryRunImages } from "./index.ts";
import { storeOwnRunImage } from "./own-run-image-fixtures.ts";

runImagesSuite("registry", async () => {
  const store = makeFakeImageStore();
  return {
    store,
    open: (runImage) => openRegistryRunImages({ images: store, runImage }),
    storeOwn: () => storeOwnRunImage(store),
    dispose: async () => {},
  };
});

it("says how an image comes into the registry", async () => {
  const images = openRegistryRunImages({ images: makeFakeImageStore(), runImage: undefined });
  await expect(images.bring("conifer/run:latest", undefined)).rejects.toThrow("conifer images --run-image");
});
