import { type ImageStore, isDigest } from "../../../delivery/image/index.ts";
import type { RunImages } from "../../../delivery/rebase/index.ts";
import { BusinessError, invalidParams } from "../../../kernel/index.ts";
import { describeRunImage } from "./known-run-image.ts";

/** The run images in the registry of an installation. */
export function openRegistryRunImages({
  images,
  runImage,
}: {
  /** The registry's content, by digest. */
  readonly images: Pick<ImageStore, "read">;
  /** `<repository>@<digest>`: what new builds stand on. */
  readonly runImage: string | undefined;
}): RunImages {
  return {
    async list() {
      const digest = runImage?.split("@")[1];
      return digest === undefined ? [] : [await describeRunImage(images, digest, undefined)];
    },
    async bring(reference, as) {
      const digest = reference.split("@").at(-1);
      if (!isDigest(digest)) throw unknown(reference);
      return await describeRunImage(images, digest, as).catch((thrown) => {
        throw thrown instanceof BusinessError && thrown.id === "not_found" ? unknown(reference) : thrown;
      });
    },
  };
}

function unknown(reference: string): BusinessError {
  return invalidParams(
    `The registry has no run image ${reference.slice(0, 200)}. Push it there (conifer images --run-image <folder>), and name it by the digest that is printed.`,
  );
}
