import { createHash, type Hash } from "node:crypto";
import type { Repository, UploadStore } from "../../../delivery/registry/index.ts";
import { BusinessError, type Clock, conflict, newId, notFound } from "../../../kernel/index.ts";
import type { S3Bucket, S3Part } from "../client/index.ts";
import { DATA, dataKey, UPLOADS } from "./image-keys.ts";
import { PartWriter, type SentParts } from "./part-writer.ts";
import { requireDigest, type S3Content, storeRefusal } from "./s3-image-store.ts";
import { readUploadState, type UploadState, writeUploadState } from "./upload-state.ts";

export interface S3UploadsOptions {
  readonly bucket: S3Bucket;
  readonly content: Pick<S3Content, "adopt" | "has">;
  readonly now: Clock;
  /** The largest blob. */
  readonly mostBytes: number;
  /** Uploads of one repository at a time. */
  readonly mostUploads: number;
}

/** What this process knows of an upload's content: good only as long as nobody else has written to it. */
interface Progress {
  readonly hash: Hash;
  readonly sizeBytes: number;
  readonly parts: readonly S3Part[];
  /** Of the upload's state as this process wrote it last. */
  readonly etag: string;
}

/** An upload as the store has it. */
interface Resumed {
  readonly state: UploadState;
  readonly etag: string;
  readonly sent: SentParts;
  readonly sizeBytes: number;
  /** Of all that has come, where this process saw all of it. */
  readonly hash: Hash | undefined;
}

/** A sender that is slow is not taken for one that has gone: the state is written anew so often. */
const BEAT_MS = 10 * 60 * 1000;

/**
 * An UploadStore in a bucket. Content goes in parts to where it will stay, and what is too little for a part lies in the
 * upload's state: `uploads/<space>,<name>,<id>`. So any process can go on with it. Where one has seen it all, the digest is
 * known at its end; otherwise the content is read once more before it becomes a blob.
 */
export class S3Uploads implements UploadStore {
  readonly #options: S3UploadsOptions;
  readonly #progress = new Map<string, Progress>();
  /** How much has come of what is being sent to this process now. */
  readonly #coming = new Map<string, number>();

  constructor(options: S3UploadsOptions) {
    this.#options = options;
  }

  async begin(repository: Repository): Promise<string> {
    const { bucket, mostUploads } = this.#options;
    let mine = 0;
    for await (const _one of bucket.list(`${UPLOADS}${prefixOf(repository)}`)) mine += 1;
    if (mine >= mostUploads)
      throw conflict(`the repository has ${mostUploads} uploads under way; end some of them first`);
    const id = newId();
    const key = keyOf(repository, id);
    const etag = await this.#save(key, {
      dataId: id,
      uploadId: undefined,
      partsBefore: 0,
      tail: Buffer.alloc(0),
    });
    this.#progress.set(key, { hash: createHash("sha256"), sizeBytes: 0, parts: [], etag });
    return id;
  }

  async sizeOf(repository: Repository, id: string): Promise<number | undefined> {
    const key = keyOf(repository, id);
    return this.#coming.get(key) ?? (await this.#resume(key))?.sizeBytes;
  }

  async append(repository: Repository, id: string, content: AsyncIterable<Buffer>): Promise<number> {
    const key = keyOf(repository, id);
    const resumed = await this.#resume(key);
    if (!resumed) throw notFound("upload");
    this.#progress.delete(key);
    const writing = this.#writing(key, resumed);
    const { hash } = resumed;
    let { sizeBytes } = resumed;
    try {
      for await (const chunk of content) {
        if (sizeBytes + chunk.length > this.#options.mostBytes) throw tooLarge(this.#options.mostBytes);
        hash?.update(chunk);
        sizeBytes += chunk.length;
        this.#coming.set(key, sizeBytes);
        await writing.write(chunk);
      }
    } catch (thrown) {
      const refused = storeRefusal(thrown);
      if (isFinal(refused)) await this.drop(repository, id);
      else await this.#keep(key, { resumed, writing, hash, sizeBytes });
      throw refused;
    } finally {
      this.#coming.delete(key);
    }
    await this.#keep(key, { resumed, writing, hash, sizeBytes });
    return sizeBytes;
  }

  async finish(repository: Repository, id: string, digest: string): Promise<void> {
    const { bucket, content } = this.#options;
    const key = keyOf(repository, id);
    const resumed = await this.#resume(key);
    if (!resumed) throw notFound("upload");
    const { hash, sent, sizeBytes } = resumed;
    try {
      const known = hash ?? (sent.upload ? undefined : createHash("sha256").update(Buffer.concat(sent.tail)));
      if (known) requireDigest(`sha256:${known.copy().digest("hex")}`, digest);
      if (known && (await content.has(digest))) return;
      await new PartWriter(bucket, dataKey(id), { from: sent }).complete();
      if (!known) await this.#verify(id, sizeBytes, digest);
      await content.adopt(id, { digest, sizeBytes });
      // What is a blob now is not taken away with the rest.
      await bucket.remove(key);
    } catch (thrown) {
      throw storeRefusal(thrown);
    } finally {
      await this.drop(repository, id);
    }
  }

  async drop(repository: Repository, id: string): Promise<void> {
    await this.#drop(keyOf(repository, id));
  }

  async dropOlder(since: Date): Promise<number> {
    const { bucket } = this.#options;
    let dropped = 0;
    const alive = new Set<string>();
    for await (const { key, modifiedMs } of bucket.list(UPLOADS)) {
      if (modifiedMs >= since.getTime()) {
        alive.add(dataKey(key.slice(key.lastIndexOf(",") + 1)));
        continue;
      }
      await this.#drop(key);
      dropped += 1;
    }
    for await (const one of bucket.uploads(DATA))
      if (one.initiatedMs < since.getTime() && !alive.has(one.key)) await bucket.abortParts(one);
    return dropped;
  }

  async #drop(key: string): Promise<void> {
    const { bucket } = this.#options;
    this.#progress.delete(key);
    const state = await readUploadState(bucket, key);
    if (!state) return;
    const { dataId, uploadId } = state.state;
    // What was completed is no upload any more, and stays.
    if (uploadId !== undefined) await bucket.abortParts({ key: dataKey(dataId), uploadId });
    await bucket.remove(key);
  }

  /** Content that this process has not seen from its beginning. */
  async #verify(id: string, sizeBytes: number, digest: string): Promise<void> {
    const { bucket } = this.#options;
    const hash = createHash("sha256");
    const stream = await bucket.read(dataKey(id), sizeBytes);
    for await (const chunk of (stream ?? []) as AsyncIterable<Buffer>) hash.update(chunk);
    try {
      requireDigest(`sha256:${hash.digest("hex")}`, digest);
    } catch (thrown) {
      await bucket.remove(dataKey(id));
      throw thrown;
    }
  }

  async #resume(key: string): Promise<Resumed | undefined> {
    const { bucket } = this.#options;
    const found = await readUploadState(bucket, key);
    if (!found) return undefined;
    const { state, etag } = found;
    const { dataId, uploadId, partsBefore } = state;
    const upload = uploadId === undefined ? undefined : { key: dataKey(dataId), uploadId };
    const parts = upload ? await bucket.parts(upload) : [];
    if (!parts) return undefined;
    // Once a further part is there, what was left over has gone into it.
    const tail = parts.length > partsBefore || state.tail.length === 0 ? [] : [state.tail];
    const sizeBytes = [...parts.map(({ size }) => size), ...tail.map(({ length }) => length)].reduce(sum, 0);
    const known = this.#progress.get(key);
    const isKnown = known?.etag === etag && known.sizeBytes === sizeBytes && sameParts(known.parts, parts);
    return {
      ...{ state, etag, sizeBytes, sent: { upload, parts, tail } },
      hash: isKnown ? known.hash.copy() : undefined,
    };
  }

  #writing(key: string, { state, sent }: Resumed): PartWriter {
    const { bucket, now } = this.#options;
    let beatMs = now().getTime();
    const writer: PartWriter = new PartWriter(bucket, dataKey(state.dataId), {
      from: sent,
      onBegin: async ({ uploadId }) => {
        await this.#save(key, { ...state, uploadId });
      },
      onPart: async () => {
        if (now().getTime() - beatMs < BEAT_MS) return;
        beatMs = now().getTime();
        await this.#save(key, stateOf(state, writer.sent));
      },
    });
    return writer;
  }

  /** Has what came outlive this process. */
  async #keep(
    key: string,
    {
      resumed,
      writing,
      hash,
      sizeBytes,
    }: { resumed: Resumed; writing: PartWriter; hash: Hash | undefined; sizeBytes: number },
  ): Promise<void> {
    const { sent } = writing;
    const etag = await this.#save(key, stateOf(resumed.state, sent));
    if (hash) this.#progress.set(key, { hash, sizeBytes, parts: sent.parts, etag });
  }

  async #save(key: string, state: UploadState): Promise<string> {
    return await writeUploadState(this.#options.bucket, key, state);
  }
}

function stateOf({ dataId }: UploadState, { upload, parts, tail }: SentParts): UploadState {
  return { dataId, uploadId: upload?.uploadId, partsBefore: parts.length, tail: Buffer.concat(tail) };
}

function sameParts(a: readonly S3Part[], b: readonly S3Part[]): boolean {
  return a.length === b.length && a.every(({ etag }, n) => etag === b[n]?.etag);
}

const sum = (a: number, b: number) => a + b;

function prefixOf({ space, name }: Repository): string {
  return `${space},${name},`;
}

function keyOf(repository: Repository, id: string): string {
  const name = `${prefixOf(repository)}${id}`;
  if (!/^[a-z0-9._,-]+$/.test(name)) throw new Error(`"${name}" does not name an upload`);
  return `${UPLOADS}${name}`;
}

/** Failures after which the upload cannot go on. */
function isFinal(thrown: unknown): boolean {
  return (
    thrown instanceof BusinessError && (thrown.id === "payload_too_large" || thrown.id === "unavailable")
  );
}

function tooLarge(mostBytes: number): BusinessError {
  return new BusinessError("payload_too_large", `a blob may have ${mostBytes} bytes`);
}
