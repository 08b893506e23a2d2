import { createReadStream, createWriteStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type Pack, pack } from "tar-stream";
import { blobPath } from "../../buildpacks/lifecycle/image-layout.ts";
import {
  digestOf,
  MEDIA,
  type OciDescriptor,
  parseIndex,
  parseManifest,
} from "../../platform/src/delivery/image/index.ts";

const EPOCH = new Date(0);
const NAME = "io.containerd.image.name";

/** An image in an OCI layout, with what a node of an architecture needs of it. */
export interface LayoutContent {
  /** The index or manifest that the image is known by. */
  readonly image: OciDescriptor;
  /** The name that the layout itself gives it. */
  readonly name: string | undefined;
  readonly blobs: readonly OciDescriptor[];
}

/**
 * Reads what the first entry of a layout leads to. Of an index for several platforms, what is for others stays out.
 * @throws Error when it is no layout, is not whole, or has nothing for the architecture
 */
export async function readLayoutContent(layout: string, architecture: string): Promise<LayoutContent> {
  const [image] = parseIndex(await readFile(join(layout, "index.json"))).manifests;
  if (!image) throw new Error(`the layout ${layout} names no image`);
  const blobs = await reachable(layout, image, architecture);
  const { annotations, ...bare } = image;
  return { image: bare, name: annotations?.[NAME], blobs };
}

async function reachable(
  layout: string,
  image: OciDescriptor,
  architecture: string,
): Promise<OciDescriptor[]> {
  if (image.mediaType !== MEDIA.index) {
    const { config, layers } = parseManifest(await readDocument(layout, image));
    return unique([image, config, ...layers]);
  }
  const found = parseIndex(await readDocument(layout, image)).manifests.filter(
    ({ platform }) =>
      platform === undefined || (platform.os === "linux" && platform.architecture === architecture),
  );
  if (found.length === 0) throw new Error(`the image in ${layout} is not for ${architecture}`);
  const below: OciDescriptor[] = [];
  for (const one of found) below.push(...(await reachable(layout, one, architecture)));
  return unique([image, ...below]);
}

async function readDocument(layout: string, { digest }: OciDescriptor): Promise<Buffer> {
  const bytes = await readFile(blobPath(layout, digest));
  if (digestOf(bytes) !== digest) throw new Error(`${blobPath(layout, digest)} is not what its name says`);
  return bytes;
}

function unique(all: readonly OciDescriptor[]): OciDescriptor[] {
  return [...new Map(all.map((one) => [one.digest, one])).values()];
}

/** Writes an OCI archive of it for `ctr images import`, under a name as containerd has them. */
export async function writeLayoutArchive(
  layout: string,
  { image, blobs }: LayoutContent,
  { name, file }: { readonly name: string; readonly file: string },
): Promise<void> {
  const archive = pack();
  const writing = pipeline(archive, createWriteStream(file, { flags: "wx", mode: 0o600 }));
  const index = { schemaVersion: 2, manifests: [{ ...image, annotations: { [NAME]: name } }] };
  const filling = (async () => {
    for (const { digest } of blobs) await addBlob(archive, layout, digest);
    archive.entry({ name: "index.json", mtime: EPOCH }, JSON.stringify(index));
    archive.entry({ name: "oci-layout", mtime: EPOCH }, '{"imageLayoutVersion":"1.0.0"}');
    archive.finalize();
  })().catch((thrown) => archive.destroy(thrown as Error));
  await writing;
  await filling;
}

async function addBlob(archive: Pack, layout: string, digest: string): Promise<void> {
  const path = blobPath(layout, digest);
  const { size } = await stat(path);
  const sink = archive.entry({ name: `blobs/sha256/${digest.slice("sha256:".length)}`, mtime: EPOCH, size });
  await pipeline(
    createReadStream(path, { highWaterMark: 1024 * 1024 }),
    sink as unknown as NodeJS.WritableStream,
  );
}

/** The name by which containerd and the kubelet know an image: where a registry is not named it is Docker's. */
export function fullImageName(reference: string): string {
  const [first = "", ...more] = reference.split("/");
  if (more.length > 0 && (/[.:]/.test(first) || first === "localhost")) return reference;
  return `docker.io/${more.length === 0 ? "library/" : ""}${reference}`;
}
