import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { drainBody } from "./drain-body.ts";

test("a body is read to its end", async () => {
  const body = new PassThrough();
  const drained = drainBody(body);
  for (let i = 0; i < 100; i++) body.write(Buffer.alloc(100_000));
  body.end();
  await drained;
  expect(body.readableEnded).toBe(true);
});

test("of one without an end no more than so many bytes", async () => {
  const body = new PassThrough();
  const drained = drainBody(body, { mostBytes: 10, mostMs: 60_000 });
  body.write(Buffer.alloc(11));
  await drained;
  expect(body.isPaused()).toBe(true);
});

test("of one that stalls no longer than so long", async () => {
  const body = new PassThrough();
  await drainBody(body, { mostMs: 1 });
  expect(body.readableEnded).toBe(false);
});

test.each([
  ["is over", (body: PassThrough) => body.end().resume()],
  ["breaks off", (body: PassThrough) => body.destroy()],
])("one that %s is not waited for", async (_how, end) => {
  const body = new PassThrough();
  const early = drainBody(body);
  end(body);
  await early;
  await drainBody(body);
});
