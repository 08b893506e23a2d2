import { expect, it } from "vitest";
import { makeFakeImageStore } from "../../../delivery/image/image-store-fake.ts";
import { runImagesSuite } from "../../../delivery/rebase/run-images-suite.ts";
import { openRegistryRunImages } from "./index.ts";
import { storeOwnRunImage } from "./own-run-image-fixtures.ts";

runImagesSuite("registry", async () => {
  const store = makeFakeImageStore();
  return {
    store,
    open: (runImage) => openRegistryRunImages({ images: store, runImage, otherRunImage: undefined }),
    storeOwn: () => storeOwnRunImage(store),
    dispose: async () => {},
  };
});

it("says how an image comes into the registry", async () => {
  const images = openRegistryRunImages({
    ...{ images: makeFakeImageStore(), runImage: undefined, otherRunImage: undefined },
  });
  await expect(images.bring("conifer/run:latest", undefined)).rejects.toThrow("conifer images --run-image");
});

it("lists the one for other processors with the first, once it is there", async () => {
  const [store, elsewhere] = [makeFakeImageStore(), makeFakeImageStore()];
  const [own, other] = [await storeOwnRunImage(store), await storeOwnRunImage(elsewhere, "arm64")];
  const settings = { runImage: `conifer/run@${own}`, otherRunImage: `conifer/run@${other}` };
  const images = openRegistryRunImages({ images: store, ...settings });
  const [alone] = await images.list();
  expect(alone).toMatchObject({ digest: own, architecture: "amd64" });
  expect(alone).not.toHaveProperty("others");
  await storeOwnRunImage(store, "arm64");
  const [joined] = await images.list();
  expect(joined).toMatchObject({ digest: own, others: [{ digest: other, architecture: "arm64" }] });
});
