import { type ImageStore, isDigest } from "../../../delivery/image/index.ts";
import { joinBuilds, type RunImages } from "../../../delivery/rebase/index.ts";
import { BusinessError, invalidParams } from "../../../kernel/index.ts";
import { describeRunImage } from "./known-run-image.ts";

/** The run images in the registry of an installation. */
export function openRegistryRunImages({
  images,
  runImage,
  otherRunImage,
}: {
  /** The registry's content, by digest. */
  readonly images: Pick<ImageStore, "read">;
  /** `<repository>@<digest>`: what new builds stand on. */
  readonly runImage: string | undefined;
  /** The same for processors that Conifer's own pods do not run on; a folder is not looked into. */
  readonly otherRunImage: string | undefined;
}): RunImages {
  return {
    async list() {
      const [own, other] = [runImage, otherRunImage].map((reference) => reference?.split("@")[1]);
      if (own === undefined) return [];
      const build = await describeRunImage(images, own, undefined);
      if (other === undefined) return [build];
      // One that was not pushed yet leaves what there is for the first processors.
      const beside = await describeRunImage(images, other, undefined).catch(() => undefined);
      return [beside?.name === build.name ? joinBuilds(build, beside) : build];
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
