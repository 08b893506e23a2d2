import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openS3Bucket, type S3Bucket } from "./s3-bucket.ts";
import { type Fault, type FaultyProxy, startFaultyProxy } from "./s3-faults-fixtures.ts";
import { isFull, S3RequestError } from "./s3-request-error.ts";
import { waitBefore } from "./s3-requests.ts";

let proxy: FaultyProxy;
let bucket: S3Bucket;
let waits: number[];

beforeEach(async () => {
  proxy = await startFaultyProxy("http://127.0.0.1:1");
  waits = [];
  bucket = openS3Bucket(
    {
      ...{ bucket: "images", prefix: "p/", endpoint: proxy.url, region: "eu-1", addressing: "path" },
      credentials: async () => ({
        accessKeyId: "AKID",
        secretAccessKey: "very-secret",
        sessionToken: "token",
      }),
    },
    {
      ...{ tries: 4, pauseMs: 1, tryMs: 2_000 },
      random: () => {
        waits.push(proxy.requests.length);
        return 1;
      },
    },
  );
});
afterEach(async () => {
  await bucket.stop();
  await proxy.stop();
});

const error = (status: number, code: string, more = ""): Fault => ({
  ...{ kind: "answer", status },
  body: `<?xml version="1.0"?>\n<Error><Code>${code}</Code><Message>m</Message>${more}</Error>`,
});
const ok: Fault = { kind: "answer", status: 200, headers: { etag: '"e"' } };
const answers = (...all: Fault[]) => {
  proxy.fault = ({ turn }) => all[Math.min(turn, all.length) - 1];
};
const refusalOf = (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable(),
    (thrown: S3RequestError) => thrown,
  );

describe("what may pass", () => {
  it.each<[string, Fault]>([
    ["500", { kind: "answer", status: 500 }],
    ["503 with a code", error(503, "SlowDown")],
    ["429", { kind: "answer", status: 429 }],
    ["408", { kind: "answer", status: 408 }],
    ["a connection that breaks", { kind: "reset" }],
    ["an answer that does not come", { kind: "silence" }],
    ["an error behind a good status", error(200, "InternalError")],
  ])("%s is tried again until it does", async (_what, fault) => {
    answers(fault, fault, ok);
    expect(await bucket.put("k", Buffer.from("x"))).toBe('"e"');
    expect(proxy.requests).toEqual(Array(3).fill("PUT /images/p/k"));
    expect(waits).toEqual([1, 2]);
  });

  it("is given up after some tries, and told", async () => {
    answers(error(503, "SlowDown"));
    const thrown = await refusalOf(bucket.put("k", Buffer.from("x")));
    expect(proxy.requests).toHaveLength(4);
    expect(thrown).toMatchObject({ status: 503, code: "SlowDown", passing: true });
    expect(thrown.message).toMatch(
      /^writing s3:\/\/images\/p\/k at 127\.0\.0\.1:\d+: answer 503 \(SlowDown: m\)\. The store/,
    );
  });
});

describe("what does not pass is told at once", () => {
  it.each<[string, Fault, RegExp]>([
    [
      "a bucket that is missing",
      error(404, "NoSuchBucket"),
      /create it, or correct CONIFER_REGISTRY_STORAGE/,
    ],
    ["a wrong secret", error(403, "SignatureDoesNotMatch"), /does not take these credentials/],
    ["a right that is missing", error(403, "AccessDenied"), /read, write, list and delete/],
    [
      "401 without a word",
      { kind: "answer", status: 401 },
      /check them, the region, and this machine's clock/,
    ],
    [
      "another region",
      error(301, "PermanentRedirect", "<Region>eu-2</Region>"),
      /in the region eu-2: set CONIFER_S3_REGION to it/,
    ],
    ["a clock that is off", error(403, "RequestTimeTooSkewed"), /clock is/],
    ["no room", error(507, "XMinioStorageFull"), /no room left/],
    ["what is no S3", { kind: "answer", status: 404, body: "<html>no</html>" }, /CONIFER_S3_ADDRESSING/],
  ])("%s", async (_what, fault, told) => {
    answers(fault);
    for (const work of [() => bucket.put("k", Buffer.from("x")), () => bucket.get("k")]) {
      const thrown = await refusalOf(work());
      expect(thrown.message).toMatch(told);
      expect(thrown.message).not.toContain("very-secret");
    }
    expect(proxy.requests).toHaveLength(2);
    expect(isFull(await refusalOf(bucket.get("k")))).toBe(_what === "no room");
  });

  it("nothing listening, and no such host", async () => {
    const at = async (endpoint: string) => {
      const credentials = async () => ({ accessKeyId: "a", secretAccessKey: "b" });
      const settings = {
        bucket: "images",
        prefix: "",
        region: "r",
        addressing: "path" as const,
        credentials,
      };
      const other = openS3Bucket({ ...settings, endpoint }, { tries: 1 });
      const { message } = await refusalOf(other.get("k"));
      await other.stop();
      return message;
    };
    expect(await at("http://127.0.0.1:1")).toMatch(/Nothing listens there/);
    expect(await at("http://nowhere.invalid")).toMatch(/no such host|can be reached/);
  });
});

it("takes for missing only what is said to be missing", async () => {
  answers(error(404, "NoSuchKey"));
  expect(await bucket.get("k")).toBeUndefined();
  expect(await bucket.read("k", 5)).toBeUndefined();
  await bucket.remove("k");
  answers(error(404, "NoSuchAccount"));
  for (const work of [bucket.get("k"), bucket.read("k", 5), bucket.remove("k")])
    await expect(work).rejects.toThrow(S3RequestError);
});

it("writes to a store that knows no conditions", async () => {
  answers(error(501, "NotImplemented"), ok);
  expect(await bucket.put("k", Buffer.from("x"), "absent")).toBe('"e"');
});

it("refuses lists that are none", async () => {
  answers({ kind: "answer", status: 200, body: "welcome" });
  const all = async () => {
    for await (const _one of bucket.list("")) expect.unreachable();
  };
  await expect(all()).rejects.toThrow(/not the S3 API's/);
});

it("does not read on what was removed meanwhile", async () => {
  const half: Fault = { kind: "answer", status: 206, headers: { "content-length": "10" }, body: "01234" };
  answers(half, error(404, "NoSuchKey"));
  const stream = await bucket.read("k", 10);
  await expect(buffer(stream as NonNullable<typeof stream>)).rejects.toThrow(/removed while it was read|./);
});

it("waits longer from try to try, by chance, as long as it is asked to, and never without end", () => {
  const wait = (tried: number, random: number, retryAfterSeconds?: number) =>
    waitBefore({ retryAfterSeconds }, { tried, pauseMs: 200, random: () => random });
  expect([wait(1, 1), wait(2, 1), wait(3, 0.5), wait(3, 0), wait(20, 1)]).toEqual([200, 400, 400, 0, 10_000]);
  expect([wait(1, 0, 3), wait(1, 0, 600)]).toEqual([3_000, 10_000]);
});
