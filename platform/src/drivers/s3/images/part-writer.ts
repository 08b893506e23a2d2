import type { S3Bucket, S3Part, S3Parts } from "../client/index.ts";

/** The least that a part may have which is not the last one; some stores want all of them to have one size. */
export const PART_BYTES = 5 * 1024 * 1024;

/** What has been sent of an object's content. */
export interface SentParts {
  readonly upload: S3Parts | undefined;
  readonly parts: readonly S3Part[];
  /** What has not been sent, in the order it came. */
  readonly tail: readonly Buffer[];
}

export interface PartWriterOptions {
  /** What has been sent before, by whomever. */
  readonly from?: SentParts;
  /** Called before the first part is sent, with the upload it will belong to. */
  readonly onBegin?: (upload: S3Parts) => Promise<void>;
  /** Called when a part is there. */
  readonly onPart?: () => Promise<void>;
}

/**
 * Sends the content of one object in parts of one size, as it comes. Content that fits into a part is sent as a whole in the
 * end. Holds less than two parts in memory.
 */
export class PartWriter {
  readonly #bucket: S3Bucket;
  readonly #key: string;
  readonly #onBegin: (upload: S3Parts) => Promise<void>;
  readonly #onPart: () => Promise<void>;
  #upload: S3Parts | undefined;
  #parts: S3Part[];
  #tail: Buffer[];
  #tailBytes: number;

  constructor(bucket: S3Bucket, key: string, { from, onBegin, onPart }: PartWriterOptions = {}) {
    this.#bucket = bucket;
    this.#key = key;
    this.#onBegin = onBegin ?? (async () => {});
    this.#onPart = onPart ?? (async () => {});
    this.#upload = from?.upload;
    this.#parts = [...(from?.parts ?? [])];
    this.#tail = [...(from?.tail ?? [])];
    this.#tailBytes = this.#tail.reduce((sum, one) => sum + one.length, 0);
  }

  get sent(): SentParts {
    return { upload: this.#upload, parts: [...this.#parts], tail: [...this.#tail] };
  }

  async write(chunk: Buffer): Promise<void> {
    this.#tail.push(chunk);
    this.#tailBytes += chunk.length;
    await this.#sendWhole();
  }

  /** Has the object appear. */
  async complete(): Promise<void> {
    if (!this.#upload) {
      await this.#bucket.put(this.#key, Buffer.concat(this.#tail));
      return;
    }
    await this.#sendWhole();
    if (this.#tailBytes > 0) await this.#sendPart(this.#tailBytes);
    await this.#bucket.completeParts(this.#upload, this.#parts);
  }

  async abort(): Promise<void> {
    if (this.#upload) await this.#bucket.abortParts(this.#upload);
  }

  async #sendWhole(): Promise<void> {
    while (this.#tailBytes >= PART_BYTES) await this.#sendPart(PART_BYTES);
  }

  /** What cannot be sent stays where it was. */
  async #sendPart(size: number): Promise<void> {
    if (!this.#upload) {
      this.#upload = await this.#bucket.beginParts(this.#key);
      await this.#onBegin(this.#upload);
    }
    const all = Buffer.concat(this.#tail);
    this.#tail = [all];
    const number = (this.#parts.at(-1)?.number ?? 0) + 1;
    const etag = await this.#bucket.putPart(this.#upload, number, all.subarray(0, size));
    this.#parts.push({ number, size, etag });
    const rest = Buffer.from(all.subarray(size));
    this.#tail = rest.length > 0 ? [rest] : [];
    this.#tailBytes = rest.length;
    await this.#onPart();
  }
}
