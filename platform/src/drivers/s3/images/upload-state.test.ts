import fc from "fast-check";
import { expect, test } from "vitest";
import { makeFakeBucket } from "../client/s3-bucket-fake.ts";
import { decodeUploadState, encodeUploadState, readUploadState, writeUploadState } from "./upload-state.ts";

test("comes back as it was, whatever bytes are left over", () => {
  const state = fc.record({
    dataId: fc.uuid(),
    uploadId: fc.option(fc.string(), { nil: undefined }),
    partsBefore: fc.nat(),
    tail: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  });
  fc.assert(
    fc.property(state, (one) => {
      expect(decodeUploadState(encodeUploadState(one))).toEqual(one);
    }),
  );
});

test("is another one by its ETag when it changes, and the same when it does not", async () => {
  const bucket = makeFakeBucket();
  const state = { dataId: "d", uploadId: undefined, partsBefore: 0, tail: Buffer.from("one") };
  const first = await writeUploadState(bucket, "uploads/x", state);
  expect(await readUploadState(bucket, "uploads/x")).toEqual({ state, etag: first });
  expect(await writeUploadState(bucket, "uploads/x", state)).toBe(first);
  expect(await writeUploadState(bucket, "uploads/x", { ...state, partsBefore: 1 })).not.toBe(first);
  expect(await readUploadState(bucket, "uploads/none")).toBeUndefined();
});

test.each(["\n", "\n\n{}", '{"dataId":"other"}\n', "\r\n"])(
  "is not confused by a rest that looks like a head: %j",
  (text) => {
    const state = { dataId: "d", uploadId: "a\nb", partsBefore: 3, tail: Buffer.from(text) };
    expect(decodeUploadState(encodeUploadState(state))).toEqual(state);
  },
);

test.each(["", "{", "no head\n", '{"dataId":"d"'])(
  "that was damaged (%j) is no empty upload",
  async (text) => {
    const bucket = makeFakeBucket();
    await bucket.put("uploads/x", Buffer.from(text));
    await expect(readUploadState(bucket, "uploads/x")).rejects.toThrow(SyntaxError);
  },
);
