import { errorText, invalidParams } from "../../kernel/index.ts";
import {
  encodeDocument,
  type ImageDocuments,
  type ImageInfo,
  type ImageStore,
  imageInfoOf,
  LAYER_TIME,
  MEDIA,
  makeManifest,
  readImageDocuments,
  readStandsOn,
  rebaseImage,
  whyNotRebase,
} from "../image/index.ts";
import type { AttestRebase, RebasedImage, RebasedImages } from "./rebase-ports.ts";
import type { RunImageBuild } from "./rebasing.ts";

/** The time that rebased images say they were made: the same each time, as that of images that builds make. */
const CREATED = LAYER_TIME.toISOString().replace(".000Z", "Z");

export interface MakeRebasedDependencies {
  readonly images: Pick<ImageStore, "read">;
  readonly rebased: RebasedImages;
  readonly attest: AttestRebase;
}

export interface ImageToRebase {
  readonly appId: string;
  readonly passId: string;
  /** Of the app's current image. */
  readonly digest: string;
  readonly runImage: RunImageBuild;
  readonly startedAt: Date;
}

/**
 * Makes an app's image anew on another run image, keeps it, and says what it is. Nothing is on record when this returns:
 * `record` does that, in the transaction that makes a release of it. Killed in between, the next call makes the same image.
 * Throws invalid_params for an image that must not be rebased, not_found for one that is not in the store.
 */
export async function makeRebasedImage(of: ImageToRebase, deps: MakeRebasedDependencies) {
  const { appId, passId, digest, runImage, startedAt } = of;
  const run = await readRunImage(runImage, deps);
  const app = await readImageDocuments(deps.images, digest);
  const { image, info } = putOnRunImage(app, run, runImage);
  await deps.rebased.keep(appId, image);
  const record = await deps.attest({
    ...{ appId, passId, fromDigest: digest, image: info, startedAt },
    subject: image.manifest.descriptor,
    run: { name: runImage.name, digest: runImage.digest },
  });
  return { info, record };
}

/** A run image that is missing is nothing that an app's image could be blamed for. */
async function readRunImage(
  { name, digest }: RunImageBuild,
  { images }: Pick<MakeRebasedDependencies, "images">,
): Promise<ImageDocuments> {
  return await readImageDocuments(images, digest).catch((cause: unknown) => {
    throw new Error(`The run image ${name} (${digest}) cannot be read: ${errorText(cause)}`, { cause });
  });
}

/** The documents of the image on the new run image, and what is shown of it. Throws invalid_params when it must not be. */
export function putOnRunImage(
  app: ImageDocuments,
  run: ImageDocuments,
  { name, digest }: Pick<RunImageBuild, "name" | "digest">,
): { readonly image: RebasedImage; readonly info: ImageInfo } {
  const rebasing = { app, metadata: readStandsOn(app), run: { ...run, name, digest }, created: CREATED };
  const refusal = whyNotRebase(rebasing);
  if (refusal !== undefined) throw invalidParams(refusal);
  const rebased = rebaseImage(rebasing);
  const config = encodeDocument(MEDIA.config, rebased.config);
  const document = makeManifest(config.descriptor, rebased.layers);
  const manifest = encodeDocument(MEDIA.manifest, document);
  const info = imageInfoOf(manifest.descriptor.digest, { manifest: document, config: rebased.config });
  return { image: { config, manifest, runLayers: run.manifest.layers }, info };
}
