import { once } from "node:events";
import { PassThrough, Readable } from "node:stream";
import { expect, test } from "vitest";
import { pacedBody, readBounded } from "./paced-body.ts";

const read = async (body: AsyncIterable<Buffer>) => (await readBounded(body, 1_000_000)).toString();

test("a body that comes fast enough arrives whole", async () => {
  const chunks = Array.from({ length: 100 }, (_, i) => Buffer.from(`${i},`));
  const body = pacedBody(Readable.from(chunks, { objectMode: false }), { windowMs: 10_000, leastBytes: 1 });
  expect(await read(body)).toBe(chunks.join(""));
});

test("one that stops is broken off after the window", async () => {
  const source = new PassThrough();
  source.write("some");
  await expect(read(pacedBody(source, { windowMs: 30, leastBytes: 1 }))).rejects.toMatchObject({
    code: "BLOB_UPLOAD_INVALID",
    status: 408,
  });
});

test("one that drips is broken off too: a byte now and then buys no time", async () => {
  const source = new PassThrough();
  const drip = setInterval(() => source.write("."), 5);
  const began = performance.now();
  const reading = read(pacedBody(source, { windowMs: 60, leastBytes: 1_000 }));
  await expect(reading).rejects.toMatchObject({ status: 408 });
  clearInterval(drip);
  expect(performance.now() - began).toBeLessThan(5_000);
});

test("what we need to take it is not held against the sender", async () => {
  const source = Readable.from(["one", "two", "three"].map(Buffer.from), { objectMode: true });
  const said: string[] = [];
  for await (const chunk of pacedBody(source, { windowMs: 200, leastBytes: 1_000 })) {
    said.push(String(chunk));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(said).toEqual(["one", "two", "three"]);
});

test("a sender who goes away is an error", async () => {
  const source = new PassThrough();
  source.write("half");
  const reading = read(pacedBody(source, { windowMs: 10_000, leastBytes: 1 }));
  source.destroy(new Error("the line broke"));
  await expect(reading).rejects.toThrow("the line broke");
});

test("whoever leaves early leaves the body open for others", async () => {
  const source = new PassThrough();
  source.write("first");
  for await (const _chunk of pacedBody(source, { windowMs: 10_000, leastBytes: 1 })) break;
  expect(source.destroyed).toBe(false);
  source.resume();
  source.end("rest");
  await once(source, "end");
});

test("a bounded body is refused when it is larger", async () => {
  const body = () => Readable.from([Buffer.alloc(600), Buffer.alloc(600)]);
  expect(await readBounded(body(), 1_200)).toHaveLength(1_200);
  await expect(readBounded(body(), 1_199)).rejects.toMatchObject({ code: "SIZE_INVALID", status: 413 });
});
