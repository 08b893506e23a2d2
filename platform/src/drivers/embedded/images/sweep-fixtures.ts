import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeDocument, MEDIA, makeManifest, type OciDescriptor } from "../../../delivery/image/index.ts";
import type { HeldManifest, Repository } from "../../../delivery/registry/index.ts";
import { openDiskImageStore } from "./disk-image-store.ts";
import { openDiskRepositories } from "./disk-repositories.ts";
import { openDiskUploads } from "./disk-uploads.ts";
import { type SweepOptions, sweepImages } from "./sweep-images.ts";

export const GRACE_MS = 24 * 60 * 60 * 1000;

/** Stores in a folder of their own, and what sweeps them. */
export type SweptStores = Awaited<ReturnType<typeof openSweptStores>>;

export async function openSweptStores(folder?: string) {
  const root = folder ?? (await mkdtemp(join(tmpdir(), "swept-")));
  const images = join(root, "images");
  const repositories = join(root, "repositories");
  const content = await openDiskImageStore(images);
  return {
    ...{ root, images, repositories, content },
    records: openDiskRepositories(repositories),
    uploads: await openDiskUploads({ images, mostBytes: 1e7, mostUploads: 100 }),
    sweep: (more: Partial<SweepOptions> = {}) =>
      sweepImages({ content, images, repositories, known: [], graceMs: GRACE_MS, ...more }),
    dispose: () => rm(root, { recursive: true, force: true }),
  };
}

/** Has more than the time of grace pass: all files become as much older, and so does what is known to be out of reach. */
export function age(root: string, ms = GRACE_MS + 60_000): void {
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const then = new Date(statSync(path).mtimeMs - ms);
    utimesSync(path, then, then);
  }
  const state = join(root, "images/out-of-reach.json");
  if (!existsSync(state)) return;
  const entries = Object.entries(JSON.parse(readFileSync(state, "utf8")) as Record<string, number>);
  writeFileSync(state, JSON.stringify(Object.fromEntries(entries.map(([name, at]) => [name, at - ms]))));
}

/** Lets time pass and sweeps as often as it takes for what is out of reach now to be gone. */
export async function sweepAll(stores: SweptStores, more: Partial<SweepOptions> = {}): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    age(stores.root);
    await stores.sweep(more);
  }
}

export interface MadeImage {
  readonly digest: string;
  readonly bytes: Buffer;
  readonly parts: readonly OciDescriptor[];
}

/** An image whose content is in the store, as a build leaves it, and in no repository. */
export async function makeImage(
  { content }: Pick<SweptStores, "content">,
  fields: object = {},
  layer: Buffer = randomBytes(100),
): Promise<MadeImage> {
  const written = await content.write(layer);
  const layers = [{ mediaType: MEDIA.layer, digest: written.digest, size: written.sizeBytes }];
  const config = encodeDocument(MEDIA.config, {
    ...{ architecture: "amd64", os: "linux", config: {} },
    rootfs: { type: "layers", diff_ids: layers.map((one) => one.digest) },
  });
  await content.write(config.bytes);
  const { bytes, descriptor } = encodeDocument(MEDIA.manifest, {
    ...makeManifest(config.descriptor, layers),
    ...fields,
  });
  await content.write(bytes);
  return { digest: descriptor.digest, bytes, parts: [config.descriptor, ...layers] };
}

/** Puts an image into a repository. */
export async function holdMade(
  { records }: Pick<SweptStores, "records">,
  repository: Repository,
  image: MadeImage,
  more: Partial<HeldManifest> & { readonly tag?: string } = {},
): Promise<void> {
  const { tag, ...record } = more;
  for (const part of image.parts) await records.holdBlob(repository, part.digest);
  const held = { digest: image.digest, mediaType: MEDIA.manifest, sizeBytes: image.bytes.length, ...record };
  await records.holdManifest(repository, held, tag);
}

/** Whether all of an image is in the store; nobody vouches for it by being asked. */
export async function isWhole({ content }: Pick<SweptStores, "content">, image: MadeImage): Promise<boolean> {
  const sizes = await Promise.all([image, ...image.parts].map((one) => content.weigh(one.digest)));
  return sizes.every((size) => size > 0);
}

/** The names of all files under a folder. */
export function filesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
    .sort();
}
