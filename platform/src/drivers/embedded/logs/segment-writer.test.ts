import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LogLine, silentLogger, systemClock } from "../../../kernel/index.ts";
import { readHistory } from "./segment-reader.ts";
import { makeSegmentWriter, type SegmentWriter } from "./segment-writer.ts";

const APP = "11111111-1111-4111-8111-111111111111";
let root = "";
let folder = "";
const writers: SegmentWriter[] = [];
const damaged: string[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "conifer-segments-"));
  folder = join(root, APP);
});
afterEach(async () => {
  for (const writer of writers.splice(0)) await writer.rest();
  await rm(root, { recursive: true, force: true });
});

const lineOf = (message: string): LogLine => ({
  appId: APP,
  time: new Date("2026-01-02T03:04:05.678Z"),
  source: "app",
  process: "web.1",
  message,
});
const batch = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => lineOf(`line ${from + i}`));

async function openWriter(segmentBytes = 1_000_000): Promise<SegmentWriter> {
  const writer = makeSegmentWriter({ folder, segmentBytes, logger: silentLogger, now: systemClock });
  writers.push(writer);
  await writer.list.load();
  return writer;
}

async function numbersOf(writer: SegmentWriter, change: Partial<Parameters<typeof readHistory>[1]> = {}) {
  const query = {
    appId: APP,
    filter: {},
    lines: 1_000,
    before: writer.list.next(),
    after: 0,
    scan: 10_000,
    ...change,
  };
  const { lines } = await readHistory(writer.list.all, query, (file) => damaged.push(file));
  for (const { message, position } of lines) expect(message).toBe(`line ${position}`);
  return lines.map(({ position }) => position);
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const names = () => readdir(folder).then((all) => all.sort());

describe("segments of an app", () => {
  it("makes no folder for an app that does not log", async () => {
    expect(await numbersOf(await openWriter())).toEqual([]);
    expect(await readdir(root)).toEqual([]);
  });

  it("gives lines their positions, and goes on after it was closed and opened again", async () => {
    const writer = await openWriter();
    expect(await writer.append(batch(1, 3))).toBe(1);
    expect(await writer.append(batch(4, 4))).toBe(4);
    await writer.rest();
    expect(await writer.append(batch(5, 6))).toBe(5);
    await writer.sync();
    const again = await openWriter();
    expect(again.list.next()).toBe(7);
    expect(await again.append(batch(7, 7))).toBe(7);
    expect(await numbersOf(again)).toEqual(range(1, 7));
    expect(await names()).toEqual(["0000000000000001.log"]);
  });

  it("starts another segment when one is full, and seals those before it", async () => {
    const writer = await openWriter(1_000);
    for (let i = 0; i < 10; i++) await writer.append(batch(i * 10 + 1, i * 10 + 10));
    await writer.sync();
    expect((await names()).length).toBe(5);
    expect(await writer.list.seal()).toBe(4);
    expect(await writer.list.seal()).toBe(0);
    expect(await names()).toEqual([
      "0000000000000001.20.zst",
      "0000000000000021.20.zst",
      "0000000000000041.20.zst",
      "0000000000000061.20.zst",
      "0000000000000081.log",
    ]);
    expect(await numbersOf(writer)).toEqual(range(1, 100));
    expect(await numbersOf(await openWriter(1_000))).toEqual(range(1, 100));
  });

  it("reads back from the end, no further than asked", async () => {
    const writer = await openWriter(1_000);
    for (let i = 0; i < 10; i++) await writer.append(batch(i * 10 + 1, i * 10 + 10));
    await writer.list.seal();
    expect(await numbersOf(writer, { lines: 25 })).toEqual(range(76, 100));
    expect(await numbersOf(writer, { before: 50, lines: 5 })).toEqual(range(45, 49));
    expect(await numbersOf(writer, { after: 90 })).toEqual(range(91, 100));
    expect(await numbersOf(writer, { after: 200 })).toEqual([]);
    expect(await numbersOf(writer, { scan: 7 })).toEqual(range(94, 100));
    expect(await numbersOf(writer, { filter: { dyno: "web.2" } })).toEqual([]);
  });

  it("counts what it skips behind a position", async () => {
    const writer = await openWriter();
    await writer.append(batch(1, 100));
    const query = { appId: APP, filter: {}, lines: 10, before: 101, after: 20, scan: 1_000 };
    const { lines, skipped } = await readHistory(writer.list.all, query, () => {});
    expect(lines.map(({ position }) => position)).toEqual(range(91, 100));
    expect(skipped).toBe(70);
  });

  it("seals a resting segment and starts another one with the next line", async () => {
    const writer = await openWriter();
    await writer.append(batch(1, 3));
    await writer.retire();
    expect(await writer.list.seal()).toBe(1);
    expect(await names()).toEqual(["0000000000000001.3.zst"]);
    await writer.append(batch(4, 4));
    expect(await names()).toEqual(["0000000000000001.3.zst", "0000000000000004.log"]);
    expect(await numbersOf(writer)).toEqual(range(1, 4));
    const again = await openWriter();
    expect(again.list.next()).toBe(5);
  });

  it("reads on when segments are sealed or expire meanwhile", async () => {
    const writer = await openWriter(1_000);
    for (let i = 0; i < 10; i++) await writer.append(batch(i * 10 + 1, i * 10 + 10));
    const before = [...writer.list.all()];
    let asked = 0;
    const fail = (file: string) => expect.unreachable(file);
    const query = { appId: APP, filter: {}, lines: 1_000, before: 101, after: 0, scan: 10_000 };
    const reading = readHistory(() => (asked++ === 0 ? before : writer.list.all()), query, fail);
    await writer.list.seal();
    expect((await reading).lines.map(({ position }) => position)).toEqual(range(1, 100));
    await writer.list.expire({ bytes: 0, ageMs: 1_000_000, lines: 50 }, Date.now());
    expect(await numbersOf(writer)).toEqual(range(41, 100));
    expect((await names()).length).toBe(3);
  });

  it("removes everything and starts anew", async () => {
    const writer = await openWriter();
    await writer.append(batch(1, 3));
    await writer.remove();
    expect(await readdir(root)).toEqual([]);
    await writer.sync();
    expect(await writer.append(batch(1, 1))).toBe(1);
    expect(await numbersOf(writer)).toEqual([1]);
  });
});

describe("segments after a crash", () => {
  it("cuts a torn end at any byte, keeps all blocks before it, and goes on there", async () => {
    const writer = await openWriter();
    await writer.append(batch(1, 2));
    await writer.append(batch(3, 3));
    await writer.rest();
    const file = join(folder, "0000000000000001.log");
    const whole = await readFile(file);
    const firstBlock = whole.indexOf("#3 1 ");
    for (let length = 0; length <= whole.length; length++) {
      await writeFile(file, whole.subarray(0, length));
      const again = await openWriter();
      const kept = length < firstBlock ? 0 : length < whole.length ? 2 : 3;
      expect(again.list.next()).toBe(kept + 1);
      await again.append(batch(kept + 1, kept + 1));
      expect(await numbersOf(again)).toEqual(range(1, kept + 1));
      await again.rest();
    }
  });

  it("cuts what is not its own", async () => {
    const writer = await openWriter();
    await writer.append(batch(1, 2));
    await writer.rest();
    await appendFile(join(folder, "0000000000000001.log"), Buffer.alloc(4_096));
    const again = await openWriter();
    await again.append(batch(3, 3));
    expect(await numbersOf(await openWriter())).toEqual(range(1, 3));
  });

  it("finishes a sealing that was interrupted at any step", async () => {
    const writer = await openWriter(100);
    for (let i = 1; i <= 3; i++) await writer.append(batch(i * 10 - 9, i * 10));
    await writer.rest();
    const plain = await readFile(join(folder, "0000000000000001.log"));
    await writer.list.seal();
    await writeFile(join(folder, "0000000000000011.10.zst.half"), "half");
    await writeFile(join(folder, "0000000000000001.log"), plain);
    const again = await openWriter(100);
    expect(await names()).toEqual([
      "0000000000000001.10.zst",
      "0000000000000011.10.zst",
      "0000000000000021.log",
    ]);
    expect(await numbersOf(again)).toEqual(range(1, 30));
  });

  it("seals segments that were full before the crash", async () => {
    const writer = await openWriter(100);
    for (let i = 1; i <= 3; i++) await writer.append(batch(i * 10 - 9, i * 10));
    await writer.rest();
    const again = await openWriter(100);
    expect(await again.list.seal()).toBe(2);
    expect(await numbersOf(again)).toEqual(range(1, 30));
  });

  it("takes back a block that could not be written whole", async () => {
    const writer = await openWriter();
    await writer.append(batch(1, 2));
    await writer.rest();
    const file = join(folder, "0000000000000001.log");
    await rm(file);
    await mkdir(file);
    await expect(writer.append(batch(3, 3))).rejects.toThrow();
    await rm(file, { recursive: true });
    expect(await writer.append(batch(1, 1))).toBe(1);
  });

  it("loses no more than a sealed segment that is damaged", async () => {
    const writer = await openWriter(100);
    for (let i = 1; i <= 3; i++) await writer.append(batch(i * 10 - 9, i * 10));
    await writer.list.seal();
    const file = join(folder, "0000000000000011.10.zst");
    await truncate(file, 5);
    const again = await openWriter(100);
    expect(await numbersOf(again)).toEqual([...range(1, 10), ...range(21, 30)]);
    expect(damaged).toEqual([file]);
  });
});
