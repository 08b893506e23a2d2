import { once } from "node:events";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makePipeStock, openForWriting, openReader, openWriter } from "./pipe-stock.ts";

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "conifer-pipes-")), "pipes");
});
afterEach(() => rmSync(join(folder, ".."), { recursive: true, force: true }));

test("gives each pipe once, and never runs out", async () => {
  const stock = await makePipeStock(folder);
  const taken = await Promise.all(Array.from({ length: 100 }, () => stock.take()));
  expect(new Set(taken).size).toBe(100);
  for (const path of taken) expect(statSync(path).isFIFO()).toBe(true);
});

test("begins anew where an earlier process left pipes", async () => {
  await makePipeStock(folder);
  const before = readdirSync(folder).length;
  await makePipeStock(folder);
  expect(readdirSync(folder)).toHaveLength(before);
});

test("reads what the program writes, until the program closes it", async () => {
  const stock = await makePipeStock(folder);
  const path = await stock.take();
  const { ours, theirs } = openReader(path);
  expect(existsSync(path)).toBe(false);
  let text = "";
  ours.on("data", (chunk) => {
    text += chunk;
  });
  writeSync(theirs, "hello");
  closeSync(theirs);
  await once(ours, "close");
  expect(text).toBe("hello");
});

test("the program reads what is written, and an end", async () => {
  const stock = await makePipeStock(folder);
  const { ours, theirs } = openWriter(await stock.take());
  ours.end("hello");
  await once(ours, "close");
  const buffer = Buffer.alloc(100);
  expect(readSync(theirs, buffer)).toBe(5);
  expect(readSync(theirs, buffer)).toBe(0);
  closeSync(theirs);
});

test("a bare descriptor fails once nobody reads", async () => {
  const stock = await makePipeStock(folder);
  const { ours, theirs } = openForWriting(await stock.take());
  writeSync(ours, "TERM\n");
  closeSync(theirs);
  expect(() => writeSync(ours, "TERM\n")).toThrow("EPIPE");
  closeSync(ours);
});
