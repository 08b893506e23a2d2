import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../../kernel/index.ts";
import { openS3Bucket, type S3BucketOptions } from "./s3-bucket.ts";
import { s3BucketSuite } from "./s3-bucket-suite.ts";
import { type FaultyProxy, startFaultyProxy } from "./s3-faults-fixtures.ts";
import { noS3Server, type S3Server, startS3Server } from "./s3-server-fixtures.ts";
import type { S3Settings } from "./s3-settings.ts";

const FAST = { pauseMs: 1, tryMs: 5_000 };

describe.skipIf(noS3Server)(`S3${noS3Server ? ` (${noS3Server})` : ""}`, () => {
  let server: S3Server;
  let proxy: FaultyProxy;
  beforeAll(async () => {
    server = await startS3Server();
    proxy = await startFaultyProxy(server.settings.endpoint);
  });
  afterAll(async () => {
    await proxy?.stop();
    await server?.stop();
  });

  const open = (more: Partial<S3Settings> = {}, options: S3BucketOptions = FAST) =>
    openS3Bucket({ ...server.settings, prefix: `${newId()}/`, ...more }, options);

  s3BucketSuite("an S3 server", async () => {
    const bucket = open();
    return { bucket, dispose: () => bucket.stop() };
  });

  s3BucketSuite("an S3 server by way of a proxy that fails every third request", async () => {
    proxy.fault = ({ turn }) => {
      if (turn % 3 !== 0) return undefined;
      return turn % 2 === 0 ? { kind: "answer", status: 503 } : { kind: "reset" };
    };
    const bucket = open({ endpoint: proxy.url });
    return { bucket, dispose: () => bucket.stop() };
  });

  it("reads on where a connection breaks off", async () => {
    const bucket = open({ endpoint: proxy.url });
    proxy.fault = () => undefined;
    const content = randomBytes(2_000_000);
    await bucket.put("large", content);
    let halves = 0;
    proxy.fault = ({ method }) => {
      if (method !== "GET") return undefined;
      halves += 1;
      return halves < 4 ? { kind: "half" } : undefined;
    };
    const stream = await bucket.read("large", content.length);
    expect((await buffer(stream ?? Readable.from([]))).equals(content)).toBe(true);
    expect(halves).toBe(4);
    await bucket.stop();
  });

  it("completes an upload whose first answer is lost", async () => {
    const bucket = open({ endpoint: proxy.url });
    proxy.fault = () => undefined;
    const upload = await bucket.beginParts("parts");
    const etag = await bucket.putPart(upload, 1, Buffer.from("content"));
    let lost = false;
    proxy.fault = ({ method, path }) => {
      if (lost || method !== "POST" || !path.includes("uploadId=")) return undefined;
      lost = true;
      return { kind: "lost answer" };
    };
    await bucket.completeParts(upload, [{ number: 1, etag }]);
    expect([lost, (await bucket.get("parts"))?.content.toString()]).toEqual([true, "content"]);
    await bucket.stop();
  });

  it("copies in parts what is too large for one request", async () => {
    const bucket = open({}, { copyBytes: { most: 5 * 1024 * 1024, part: 5 * 1024 * 1024 } });
    const content = randomBytes(11 * 1024 * 1024);
    await bucket.put("from", content);
    expect(await bucket.copy("from", "to", content.length)).toBe(true);
    const stream = await bucket.read("to", content.length);
    expect((await buffer(stream ?? Readable.from([]))).equals(content)).toBe(true);
    expect(await bucket.copy("none", "nowhere", content.length)).toBe(false);
    await bucket.stop();
  });

  it.each([
    [
      "a secret that is wrong",
      { credentials: async () => ({ accessKeyId: "AKIDTEST", secretAccessKey: "another-secret" }) },
      /SignatureDoesNotMatch.*does not take these credentials/,
    ],
    [
      "a key that is unknown",
      { credentials: async () => ({ accessKeyId: "NOBODY", secretAccessKey: "another-secret" }) },
      /does not take these credentials/,
    ],
    ["a bucket that is missing", { bucket: "nothing-here" }, /NoSuchBucket.*create it, or correct/],
    ["another region", { region: "eu-elsewhere-1" }, /CONIFER_S3_REGION/],
  ])("says what is wrong with %s, and no secret", async (_what, more, told) => {
    const bucket = open(more);
    const said = await bucket.put("k", Buffer.from("x")).then(
      () => "it was written",
      (thrown: Error) => thrown.message,
    );
    expect(said).toMatch(told);
    expect(said).not.toContain("another-secret");
    await bucket.stop();
  });

  it("trusts the authority that the operator names, and no other", async () => {
    const safe = await startS3Server({ tls: true });
    const [trusting, other] = [safe.ca, undefined].map((ca) => openS3Bucket({ ...safe.settings, ca }, FAST));
    expect(await trusting?.put("k", Buffer.from("x"))).toBeDefined();
    await expect(other?.put("k", Buffer.from("x"))).rejects.toThrow(/not trusted.*CONIFER_CA_BUNDLE/);
    for (const bucket of [trusting, other]) await bucket?.stop();
    await safe.stop();
  });

  it("says by how much the clock is off", async () => {
    const now = () => new Date(Date.now() + 3_610_000);
    const bucket = open({}, { ...FAST, now });
    await expect(bucket.get("k")).rejects.toThrow(/clock is 36\d\d s ahead of the store's/);
    await bucket.stop();
  });
});
