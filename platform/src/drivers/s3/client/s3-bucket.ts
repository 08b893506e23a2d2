import { Readable } from "node:stream";
import { readS3Document } from "./s3-documents.ts";
import { listFolders, listKeys, listParts, listUploads } from "./s3-lists.ts";
import type { S3Condition, S3Object, S3Part, S3Parts, S3Range } from "./s3-objects.ts";
import { S3RequestError, s3BreakOf } from "./s3-request-error.ts";
import { type S3Reply, S3Requests, type S3RequestsOptions } from "./s3-requests.ts";
import { encodeKey, type S3Settings } from "./s3-settings.ts";

/**
 * A bucket with what is needed of the S3 API. Keys are without the prefix of its settings. What is written is there for every
 * reader and in every list when a call returns. Throws S3RequestError (a StoreAway) when the store does not do it.
 */
export interface S3Bucket {
  /** Replaces what is there. Returns its new ETag, or undefined when the condition is not met. */
  put(key: string, content: Buffer, condition?: S3Condition): Promise<string | undefined>;
  /** Small content as a whole. */
  get(key: string): Promise<{ readonly content: Buffer; readonly etag: string } | undefined>;
  /** Large content as a stream, which goes on after a break of the connection; undefined when it is not there. */
  read(key: string, size: number, range?: S3Range): Promise<Readable | undefined>;
  /** Does nothing when it is not there. */
  remove(key: string): Promise<void>;
  /** What begins with a prefix, in the order of keys. */
  list(prefix: string): AsyncIterable<S3Object>;
  /** What stands before the next slash after a prefix that ends with one, each once. */
  folders(prefix: string): AsyncIterable<string>;
  /** Has the store copy content itself. Returns false when there is nothing to copy. */
  copy(from: string, to: string, size: number): Promise<boolean>;
  beginParts(key: string): Promise<S3Parts>;
  /** Every part but the last has at least 5 MiB, and all of them have the same size. Returns the part's ETag. */
  putPart(upload: S3Parts, number: number, content: Buffer): Promise<string>;
  /** Those that are there, by number; undefined when there is no such upload. */
  parts(upload: S3Parts): Promise<readonly S3Part[] | undefined>;
  completeParts(upload: S3Parts, parts: readonly Pick<S3Part, "number" | "etag">[]): Promise<void>;
  abortParts(upload: S3Parts): Promise<void>;
  /** Uploads that are under way. Not every store tells of them. */
  uploads(prefix: string): AsyncIterable<S3Parts & { readonly initiatedMs: number }>;
  stop(): Promise<void>;
}

/** What a store copies in one request, in bytes. */
const COPY_BYTES = 4 * 1024 ** 3;
const COPY_PART_BYTES = 1024 ** 3;

export interface S3BucketOptions extends Partial<S3RequestsOptions> {
  /** For tests: what is copied in one request, and in parts of which size otherwise. */
  readonly copyBytes?: { readonly most: number; readonly part: number };
}

/** The bucket of these settings, over the network. Nothing is asked before it is used. */
export function openS3Bucket(settings: S3Settings, options: S3BucketOptions = {}): S3Bucket {
  const requests = new S3Requests(settings, options);
  const copyLimits = options.copyBytes ?? { most: COPY_BYTES, part: COPY_PART_BYTES };
  return {
    ...objects(requests),
    ...lists(requests, settings),
    ...parts(requests),
    copy: (from, to, size) => copy(requests, settings, { from, to, size, ...copyLimits }),
    stop: () => requests.stop(),
  };
}

function objects(requests: S3Requests): Pick<S3Bucket, "put" | "get" | "read" | "remove"> {
  return {
    async put(key, content, condition) {
      const asked = { doing: "writing", method: "PUT" as const, key, body: content };
      const headers = conditionHeaders(condition);
      const expected = condition === undefined ? [] : [409, 412, 501];
      const absent = condition === undefined ? {} : { absent: "NoSuchKey" as const };
      let reply = await requests.ask({ ...asked, headers, expected, ...absent });
      // A store that does not know conditions says so, or leaves them out of account.
      if (reply.status === 501) reply = await requests.ask(asked);
      if (reply.status >= 300) return undefined;
      return etagOf(reply);
    },
    async get(key) {
      const reply = await requests.ask({ doing: "reading", method: "GET", key, absent: "NoSuchKey" });
      if (reply.status === 404) return undefined;
      return { content: reply.bytes, etag: etagOf(reply) };
    },
    read: (key, size, range) => readOn(requests, key, range ?? { start: 0, end: size - 1 }),
    async remove(key) {
      await requests.ask({ doing: "removing", method: "DELETE", key, absent: "NoSuchKey" });
    },
  };
}

function lists(
  requests: S3Requests,
  { prefix: before }: S3Settings,
): Pick<S3Bucket, "list" | "folders" | "uploads"> {
  const without = (key: string) => key.slice(before.length);
  return {
    async *list(prefix) {
      for await (const one of listKeys(requests, `${before}${prefix}`))
        yield { ...one, key: without(one.key) };
    },
    async *folders(prefix) {
      const from = `${before}${prefix}`;
      for await (const folder of listFolders(requests, from))
        yield folder.slice(from.length).replace(/\/$/, "");
    },
    async *uploads(prefix) {
      for await (const one of listUploads(requests, `${before}${prefix}`))
        yield { ...one, key: without(one.key) };
    },
  };
}

type PartCalls = "beginParts" | "putPart" | "parts" | "completeParts" | "abortParts";

function parts(requests: S3Requests): Pick<S3Bucket, PartCalls> {
  return {
    async beginParts(key) {
      const reply = await requests.ask({ doing: "beginning", method: "POST", key, query: { uploads: "" } });
      const uploadId = readS3Document(reply.bytes.toString())?.text("UploadId") ?? "";
      if (uploadId === "") throw strange("beginning", key);
      return { key, uploadId };
    },
    async putPart({ key, uploadId }, number, content) {
      const query = { partNumber: String(number), uploadId };
      return etagOf(
        await requests.ask({ doing: "writing a part of", method: "PUT", key, query, body: content }),
      );
    },
    parts: (upload) => listParts(requests, upload),
    async completeParts({ key, uploadId }, all) {
      const elements = all.map(
        ({ number, etag }) =>
          `<Part><PartNumber>${number}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`,
      );
      const body = Buffer.from(
        `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${elements.join("")}</CompleteMultipartUpload>`,
      );
      const headers = { "content-type": "application/xml" };
      const asked = { doing: "completing", method: "POST" as const, key, query: { uploadId }, headers, body };
      // A first try that came through without its answer has left no upload, but the object.
      const reply = await requests.ask({ ...asked, absent: "NoSuchUpload" });
      if (reply.status === 404 && !(await exists(requests, key))) throw goneUpload(key);
    },
    async abortParts({ key, uploadId }) {
      await requests.ask({
        doing: "giving up",
        method: "DELETE",
        key,
        query: { uploadId },
        absent: "NoSuchUpload",
      });
    },
  };
}

function conditionHeaders(condition: S3Condition | undefined): Record<string, string> {
  if (condition === undefined) return {};
  return condition === "absent" ? { "if-none-match": "*" } : { "if-match": condition.etag };
}

/** Content from here to there, asked for again from where it broke off. Undefined when it is not there at the beginning. */
async function readOn(
  requests: S3Requests,
  key: string,
  { start, end }: S3Range,
): Promise<Readable | undefined> {
  const openAt = (at: number) =>
    requests.open({
      doing: "reading",
      method: "GET",
      key,
      absent: "NoSuchKey",
      headers: { range: `bytes=${at}-${end}` },
    });
  if (end < start) return Readable.from([]);
  const first = await openAt(start);
  if (!first) return undefined;
  return Readable.from(goOn(first, { openAt, start, end, key }), { objectMode: false });
}

const MOST_BREAKS = 5;

async function* goOn(
  first: Readable,
  {
    openAt,
    start,
    end,
    key,
  }: S3Range & { openAt: (at: number) => Promise<Readable | undefined>; key: string },
): AsyncGenerator<Buffer> {
  let at = start;
  let stream: Readable | undefined = first;
  for (let breaks = 0; ; ) {
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        at += chunk.length;
        breaks = 0;
        yield chunk;
      }
      if (at > end) return;
      throw new Error(`the answer ended ${end - at + 1} bytes early`);
    } catch (thrown) {
      breaks += 1;
      if (breaks > MOST_BREAKS || thrown instanceof S3RequestError) throw s3BreakOf(`reading ${key}`, thrown);
    } finally {
      stream.destroy();
    }
    stream = await openAt(at);
    if (!stream) throw new Error(`${key} was removed while it was read`);
  }
}

async function copy(
  requests: S3Requests,
  settings: S3Settings,
  { from, to, size, most, part }: { from: string; to: string; size: number; most: number; part: number },
): Promise<boolean> {
  const source = { "x-amz-copy-source": `/${settings.bucket}/${encodeKey(`${settings.prefix}${from}`)}` };
  const ask = (more: { query?: Record<string, string>; headers?: Record<string, string> }) =>
    requests.ask({
      ...{ doing: "copying to", method: "PUT", key: to, absent: "NoSuchKey" },
      ...more,
      headers: { ...source, ...more.headers },
    });
  if (size <= most) return (await ask({})).status !== 404;
  const calls = parts(requests);
  const upload = await calls.beginParts(to);
  const copied: Pick<S3Part, "number" | "etag">[] = [];
  for (let at = 0, number = 1; at < size; at += part, number += 1) {
    const range = { "x-amz-copy-source-range": `bytes=${at}-${Math.min(at + part, size) - 1}` };
    const reply = await ask({
      query: { partNumber: String(number), uploadId: upload.uploadId },
      headers: range,
    });
    if (reply.status === 404) {
      await calls.abortParts(upload);
      return false;
    }
    copied.push({ number, etag: readS3Document(reply.bytes.toString())?.text("ETag") ?? "" });
  }
  await calls.completeParts(upload, copied);
  return true;
}

async function exists(requests: S3Requests, key: string): Promise<boolean> {
  return (
    (await requests.ask({ doing: "looking for", method: "HEAD", key, absent: "NoSuchKey" })).status < 300
  );
}

function goneUpload(key: string): S3RequestError {
  const message = `The upload of ${key} is not there any more; the store may remove uploads that it holds to be given up.`;
  return new S3RequestError(message, { status: 404, code: "NoSuchUpload", passing: false });
}

function etagOf({ headers }: S3Reply): string {
  return String(headers.etag ?? "");
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function strange(doing: string, key: string): S3RequestError {
  const message = `${doing} ${key}: the answer is not the S3 API's. Check CONIFER_S3_ENDPOINT.`;
  return new S3RequestError(message, { status: 200, passing: false });
}
