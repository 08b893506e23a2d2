import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { OutputStore } from "../../../delivery/output/index.ts";
import { describeOutputStore } from "../../../delivery/output/output-store-suite.ts";
import { newId } from "../../../kernel/index.ts";
import { makeOutputFiles } from "./output-files.ts";
import { keptOf } from "./output-folder.ts";

const NEVER = new AbortController().signal;
let folder: string;
let outputs: OutputStore;
let id: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conifer-outputs-"));
  outputs = makeOutputFiles(folder, { lookMs: 20 });
  id = newId();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function readAll(store = outputs, signal = NEVER): Promise<string> {
  let text = "";
  for await (const piece of store.read(id, signal)) text += piece;
  return text;
}

/** Follows an output in the background; `text` is what has come so far. */
function follow(store = outputs, signal = NEVER) {
  const following = { text: "", done: Promise.resolve() };
  following.done = (async () => {
    for await (const piece of store.read(id, signal)) following.text += piece;
  })();
  return following;
}

describeOutputStore("files", async (settings) => {
  const own = mkdtempSync(join(tmpdir(), "conifer-outputs-"));
  return {
    outputs: makeOutputFiles(own, settings),
    close: async () => rmSync(own, { recursive: true, force: true }),
  };
});

test("pieces never split a character, wherever the writer or the disk does", async () => {
  const text = fc.string({ unit: "binary", maxLength: 300 }).map((part) => part.toWellFormed());
  await fc.assert(
    fc.asyncProperty(
      fc.array(text, { maxLength: 20 }),
      fc.integer({ min: 1, max: 7 }),
      async (parts, cut) => {
        id = newId();
        await outputs.begin(id);
        const [name = ""] = readdirSync(join(folder, id));
        const bytes = Buffer.from(parts.join(""));
        const following = follow();
        for (let at = 0; at < bytes.length; at += cut * 11)
          appendFileSync(join(folder, id, name), bytes.subarray(at, at + cut * 11));
        await outputs.end(id);
        await following.done;
        expect(following.text).toBe(parts.join(""));
      },
    ),
    { numRuns: 25 },
  );
});

test("a character that never becomes whole is shown as such", async () => {
  await outputs.begin(id);
  const [name = ""] = readdirSync(join(folder, id));
  appendFileSync(join(folder, id, name), Buffer.from("✓").subarray(0, 2));
  await outputs.end(id);
  expect(await readAll()).toBe("\ufffd");
});

test("a long output keeps within its bound on the disk", async () => {
  outputs = makeOutputFiles(folder, { longest: 10_000 });
  await outputs.begin(id);
  for (let i = 0; i < 1_000; i++) await outputs.append(id, `${String(i).padStart(98, ".")}\n`);
  await outputs.end(id);
  const sizes = readdirSync(join(folder, id)).map((name) => statSync(join(folder, id, name)).size);
  const kept = sizes.reduce((a, b) => a + b, 0);
  expect(kept).toBeLessThanOrEqual(10_000);
  expect(kept).toBeGreaterThan(5_000);
});

test("nothing is left on the disk of an output that was removed, nor made for a name that is no id", async () => {
  await outputs.begin(id);
  await outputs.append(id, "one");
  await outputs.remove(id);
  await expect(outputs.begin("../../etc/passwd")).rejects.toMatchObject({ id: "not_found" });
  expect(readdirSync(folder)).toEqual([]);
});

test("tells a reader that does not keep up of the gap, once", async () => {
  const line = (i: number) => `${String(i).padStart(98, ".")}\n`;
  outputs = makeOutputFiles(folder, { longest: 10_000, lookMs: 20 });
  await outputs.begin(id);
  await outputs.append(id, line(0));
  const reading = outputs.read(id, NEVER)[Symbol.asyncIterator]();
  let text = "";
  const take = async () => {
    const { value = "", done } = await reading.next();
    text += value;
    return !done;
  };
  while (text === "") await take();
  for (let i = 1; i < 500; i++) await outputs.append(id, line(i));
  await outputs.end(id);
  while (await take());
  expect(text.startsWith(line(0))).toBe(true);
  expect(text.endsWith(line(499))).toBe(true);
  expect(text.match(/ ! {5}This output is longer than Conifer keeps/g)).toHaveLength(1);
});

test("a reader that has left already is still told that there is nothing", async () => {
  await expect(readAll(outputs, AbortSignal.abort())).rejects.toMatchObject({ id: "not_found" });
});

describe("two processes", () => {
  test("one writes, the other reads along", async () => {
    const program = fileURLToPath(new URL("./output-fixtures.ts", import.meta.url));
    const writer = spawn(process.execPath, [program, folder, id, "300"], { stdio: "inherit" });
    const exited = once(writer, "exit");
    await vi.waitFor(async () => expect(readdirSync(folder)).toEqual([id]), { timeout: 10_000 });
    const text = await vi.waitFor(() => readAll(), { timeout: 10_000 });
    expect(await exited).toEqual([0, null]);
    expect(text).toBe(Array.from({ length: 300 }, (_, i) => `${i} ✓\n`).join(""));
  });

  test("a writer that was restarted goes on where the other was", async () => {
    await outputs.begin(id);
    await outputs.append(id, "before\n");
    const restarted = makeOutputFiles(folder);
    await restarted.append(id, "after\n");
    await restarted.end(id);
    expect(await readAll()).toBe("before\nafter\n");
  });

  test("a writer that was restarted before it began begins", async () => {
    await outputs.append(id, "text");
    await outputs.end(id);
    expect(await readAll()).toBe("text");
  });
});

test.each([
  [[], undefined],
  [["notes.md", "1.end"], undefined],
  [["1.1.txt"], { epoch: 1, chunks: [1], ended: false }],
  [["1.10.txt", "1.9.txt", "1.end"], { epoch: 1, chunks: [9, 10], ended: true }],
  [["1.1.txt", "1.end", "2.1.txt"], { epoch: 2, chunks: [1], ended: false }],
])("a folder with %j holds %j", (names, wanted) => {
  expect(keptOf(names)).toEqual(wanted);
});
