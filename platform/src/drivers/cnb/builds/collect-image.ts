import { constants } from "node:fs";
import { lstat, open } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import {
  DOCUMENT_LIMIT,
  digestOf,
  hexOf,
  type ImageSink,
  type ImageStore,
  type OciDescriptor,
  type OciManifest,
  parseConfig,
  parseIndex,
  parseManifest,
} from "../../../delivery/image/index.ts";
import { readPlainLayer } from "./layer-content.ts";

/** An image that a build has left in a layout, and what it may build upon. */
export interface LeftImage {
  /** A folder of ours. */
  readonly root: string;
  /** Where the layout is in it. The build could write here: nothing is believed, and no link is followed. */
  readonly layout: string;
  /** Layers the image may have without bringing their content, digest → diffID: the run image's, the previous image's. */
  readonly known: ReadonlyMap<string, string>;
  readonly limitBytes: number;
}

/** A store of content as the place where an image goes. */
export function intoStore(store: ImageStore): ImageSink {
  return {
    has: (digest) => store.has(digest),
    write: ({ open, digest }) => store.write(Readable.from(open(), { objectMode: false }), digest),
    writeManifest: (bytes, digest) => store.write(bytes, digest),
  };
}

/**
 * Checks an image that a build has left and moves it to its place: every blob by its digest, the manifest last, so
 * that an image that is there is whole. Returns the manifest's digest. Throws an Error that says what is wrong.
 */
export async function collectImage(left: LeftImage, to: ImageSink): Promise<string> {
  const [named] = await namedIn(left);
  if (!named) throw new Error("the build left a layout without an image");
  return await collectNamed(left, named, to);
}

/** The images of a layout that a build has left, as its index names them. */
export async function namedIn(left: LeftImage): Promise<readonly OciDescriptor[]> {
  return parseIndex(await readInside(left, "index.json")).manifests;
}

/** The same as `collectImage` for one of several images of a layout. */
export async function collectNamed(
  left: LeftImage,
  named: Pick<OciDescriptor, "digest" | "mediaType" | "size">,
  to: ImageSink,
): Promise<string> {
  const manifestBytes = await readDocument(left, named);
  const manifest = parseManifest(manifestBytes);
  const configBytes = await readDocument(left, manifest.config);
  const diffIds = requireWhole(manifest, configBytes, left);
  for (const [n, layer] of manifest.layers.entries())
    await collectLayer(left, { ...layer, diffId: diffIds[n] ?? "" }, to);
  await to.write({
    ...{ digest: manifest.config.digest, size: configBytes.length },
    open: async function* () {
      yield configBytes;
    },
  });
  await to.writeManifest(manifestBytes, named.digest);
  return named.digest;
}

/** Returns the layers' diffIDs. */
function requireWhole(
  manifest: OciManifest,
  configBytes: Buffer,
  { limitBytes, known }: LeftImage,
): readonly string[] {
  const { diff_ids } = parseConfig(configBytes).rootfs;
  if (diff_ids.length !== manifest.layers.length)
    throw new Error("the image's config and manifest disagree about its layers");
  const bytes = manifest.layers.reduce((sum, layer) => sum + layer.size, 0);
  const megabytes = (count: number) => `${Math.round(count / 1024 / 1024)} MB`;
  if (bytes > limitBytes)
    throw new Error(`the image is ${megabytes(bytes)} large; the most is ${megabytes(limitBytes)}`);
  // What a plain tar must be its digest tells; of a packed one it is read when it is collected.
  const other = manifest.layers.findIndex(({ digest, mediaType }, i) => {
    const found = known.get(digest) ?? (PACKED.test(mediaType) ? diff_ids[i] : digest);
    return found !== diff_ids[i];
  });
  if (other !== -1) throw new Error(`layer ${other + 1} of the image is not what its config says`);
  return diff_ids;
}

/** How media types of packed layers end: OCI's and Docker's. */
const PACKED = /(\+|\.tar\.)(gzip|zstd)$/;

async function collectLayer(
  left: LeftImage,
  { digest, size, diffId }: OciDescriptor & { readonly diffId: string },
  to: ImageSink,
): Promise<void> {
  if (left.known.has(digest) && (await to.has(digest))) return;
  const path = join("blobs", "sha256", hexOf(digest));
  if (digest !== diffId) {
    const packed = (await openInside(left, path)) as AsyncIterable<Buffer>;
    // It throws when the content is not what the config says, which the launch will trust.
    for await (const _ of readPlainLayer(packed, { diffId, limitBytes: left.limitBytes }));
  }
  await to.write({
    ...{ digest, size },
    open: async function* () {
      yield* (await openInside(left, path)) as AsyncIterable<Buffer>;
    },
  });
}

async function readDocument(left: LeftImage, { digest }: OciDescriptor): Promise<Buffer> {
  const bytes = await readInside(left, join("blobs", "sha256", hexOf(digest)));
  if (digestOf(bytes) !== digest) throw new Error(`the image's document ${digest} is something else`);
  return bytes;
}

async function readInside(left: LeftImage, path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of (await openInside(left, path)) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > DOCUMENT_LIMIT) throw new Error(`${path} is larger than ${DOCUMENT_LIMIT} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Opens a regular file below the layout without following any link. The build's processes are dead by now, so what
 * was looked at cannot change.
 */
async function openInside({ root, layout }: LeftImage, path: string): Promise<Readable> {
  const names = join(layout, path).split("/");
  for (const [i] of names.entries()) {
    const at = join(root, ...names.slice(0, i + 1));
    const found = await lstat(at).catch(() => undefined);
    const right = i === names.length - 1 ? found?.isFile() : found?.isDirectory();
    if (!right) throw new Error(`the build left no ${path}`);
  }
  const handle = await open(
    join(root, ...names),
    constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
  );
  return handle.createReadStream({ highWaterMark: 256 * 1024 });
}
