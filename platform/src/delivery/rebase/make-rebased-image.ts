import { errorText, invalidParams } from "../../kernel/index.ts";
import {
  encodeDocument,
  type ImageDocuments,
  type ImageInfo,
  type ImagePlatform,
  type ImageStore,
  imageInfoOf,
  joinImages,
  LAYER_TIME,
  MEDIA,
  makeManifest,
  readImageDocuments,
  readStandsOn,
  rebaseImage,
  whyNotRebase,
} from "../image/index.ts";
import type { AttestRebase, RebasedImage, RebasedImages, RebasedSubject } from "./rebase-ports.ts";
import { buildFor, type RunImageBuild } from "./rebasing.ts";

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
  /** The app's current image. */
  readonly image: Pick<ImageInfo, "digest" | "architecture" | "platforms">;
  readonly runImage: RunImageBuild;
  readonly startedAt: Date;
}

/**
 * Makes an app's image anew on another run image, keeps it, and says what it is. Nothing is on record when this returns:
 * `record` does that, in the transaction that makes a release of it. Killed in between, the next call makes the same image.
 * Throws invalid_params for an image that must not be rebased, not_found for one that is not in the store.
 */
export async function makeRebasedImage(of: ImageToRebase, deps: MakeRebasedDependencies) {
  const { appId, passId, image, startedAt } = of;
  const made: PutImage[] = [];
  for (const platform of image.platforms ?? [image]) made.push(await putPlatform(platform, of, deps));
  const [first] = made;
  if (!first) throw new Error(`the index ${image.digest} has no images`);
  // Each of them must be one that may be rebased before the first is kept.
  for (const one of made) await deps.rebased.keep(appId, one.image);
  const say = { appId, passId, startedAt };
  if (!image.platforms) {
    const record = await deps.attest({ ...say, image: first.info, ...first.subject });
    return { info: first.info, record };
  }
  const { index, info } = joinImages(
    made.map(({ info: { digest }, documents, size, builder }) => ({
      ...{ digest, size, ...documents },
      ...(builder === undefined ? {} : { builder }),
    })),
  );
  await deps.rebased.keepIndex(appId, index);
  const record = await deps.attest({
    ...{ ...say, image: info, run: first.subject.run },
    ...{ fromDigest: image.digest, subject: index.descriptor },
    platforms: made.map(({ subject }) => subject),
  });
  return { info, record };
}

/** One image on its new run image, not kept yet. */
interface PutImage {
  readonly image: RebasedImage;
  readonly info: ImageInfo;
  readonly documents: ImageDocuments;
  readonly size: number;
  readonly builder: string | undefined;
  readonly subject: RebasedSubject;
}

async function putPlatform(
  { digest: fromDigest, architecture, builder }: ImagePlatform,
  { runImage }: ImageToRebase,
  deps: MakeRebasedDependencies,
): Promise<PutImage> {
  const build = buildFor(runImage, architecture);
  if (!build) throw invalidParams(`${runImage.name} is not at hand for ${architecture}.`);
  const on = { name: runImage.name, digest: build.digest };
  const run = await readRunImage(on, deps);
  const app = await readImageDocuments(deps.images, fromDigest);
  const { image, info, documents } = putOnRunImage(app, run, on);
  const { descriptor } = image.manifest;
  const subject = { fromDigest, subject: descriptor, run: on };
  return { image, info, documents, size: descriptor.size, builder, subject };
}

/** A run image that is missing is nothing that an app's image could be blamed for. */
async function readRunImage(
  { name, digest }: Pick<RunImageBuild, "name" | "digest">,
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
): { readonly image: RebasedImage; readonly info: ImageInfo; readonly documents: ImageDocuments } {
  const rebasing = { app, metadata: readStandsOn(app), run: { ...run, name, digest }, created: CREATED };
  const refusal = whyNotRebase(rebasing);
  if (refusal !== undefined) throw invalidParams(refusal);
  const rebased = rebaseImage(rebasing);
  const config = encodeDocument(MEDIA.config, rebased.config);
  const document = makeManifest(config.descriptor, rebased.layers);
  const manifest = encodeDocument(MEDIA.manifest, document);
  const documents = { manifest: document, config: rebased.config };
  const info = imageInfoOf(manifest.descriptor.digest, documents);
  return { image: { config, manifest, runLayers: run.manifest.layers }, info, documents };
}
