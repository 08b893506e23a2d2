import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { OutputStore } from "../../../delivery/output/index.ts";
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

describe("a reader", () => {
  test("after the end gets everything", async () => {
    await outputs.begin(id);
    await outputs.append(id, "one\n");
    await outputs.append(id, "two ✓\n");
    await outputs.end(id);
    expect(await readAll()).toBe("one\ntwo ✓\n");
  });

  test("while it is written gets what is there, then what comes, long before it would look", async () => {
    outputs = makeOutputFiles(folder, { lookMs: 60_000 });
    await outputs.begin(id);
    await outputs.append(id, "one\n");
    const [first, second] = [follow(), follow()];
    await vi.waitFor(() => expect([first.text, second.text]).toEqual(["one\n", "one\n"]));
    await outputs.append(id, "two\n");
    await vi.waitFor(() => expect([first.text, second.text]).toEqual(["one\ntwo\n", "one\ntwo\n"]));
    await outputs.end(id);
    await Promise.all([first.done, second.done]);
  });

  test("before anything is written learns at once that it has begun", async () => {
    await outputs.begin(id);
    const reading = outputs.read(id, NEVER)[Symbol.asyncIterator]();
    expect(await reading.next()).toEqual({ value: "", done: false });
    await outputs.append(id, "one");
    expect(await reading.next()).toEqual({ value: "one", done: false });
    await reading.return?.();
  });

  test("before the beginning is told that there is nothing", async () => {
    await expect(readAll()).rejects.toMatchObject({ id: "not_found" });
    await expect(readAll(outputs, AbortSignal.abort())).rejects.toMatchObject({ id: "not_found" });
    await outputs.end(id);
    await expect(readAll()).rejects.toMatchObject({ id: "not_found" });
  });

  test.each(["", "..", "../../etc/passwd", "x", "A".repeat(36)])("of %j is told the same", async (bad) => {
    const reading = async () => {
      for await (const _ of outputs.read(bad, NEVER)) break;
    };
    await expect(reading()).rejects.toMatchObject({ id: "not_found" });
    await expect(outputs.begin(bad)).rejects.toMatchObject({ id: "not_found" });
    expect(readdirSync(folder)).toEqual([]);
  });

  test("that goes away ends quietly, waiting or reading", async () => {
    await outputs.begin(id);
    await outputs.append(id, "x".repeat(1_000_000));
    const leaving = new AbortController();
    const following = follow(outputs, leaving.signal);
    await vi.waitFor(() => expect(following.text).toHaveLength(1_000_000));
    leaving.abort();
    await following.done;
    expect(await readAll(outputs, AbortSignal.abort())).toBe("");
  });

  test("ends when the output is removed", async () => {
    await outputs.begin(id);
    await outputs.append(id, "one");
    const following = follow();
    await vi.waitFor(() => expect(following.text).toBe("one"));
    await outputs.remove(id);
    await following.done;
    expect(readdirSync(folder)).toEqual([]);
    await expect(readAll()).rejects.toMatchObject({ id: "not_found" });
  });

  test("goes over to a text that begins anew", async () => {
    await outputs.begin(id);
    await outputs.append(id, "first attempt\n");
    const following = follow();
    await vi.waitFor(() => expect(following.text).toBe("first attempt\n"));
    await outputs.begin(id);
    await outputs.append(id, "second attempt, longer than the first\n");
    await outputs.end(id);
    await following.done;
    expect(following.text).toBe("first attempt\nsecond attempt, longer than the first\n");
    expect(await readAll()).toBe("second attempt, longer than the first\n");
  });

  test("of an output that has ended and begins anew waits for its new end", async () => {
    await outputs.begin(id);
    await outputs.end(id);
    await outputs.begin(id);
    const following = follow();
    await outputs.append(id, "again");
    await outputs.end(id);
    await following.done;
    expect(following.text).toBe("again");
  });
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

describe("a long output", () => {
  const line = (i: number) => `${String(i).padStart(98, ".")}\n`;
  const LEFT_OUT = / ! {5}This output is longer than Conifer keeps/;

  test("keeps its end, within its bound, and says what is missing", async () => {
    outputs = makeOutputFiles(folder, { longest: 10_000 });
    await outputs.begin(id);
    for (let i = 0; i < 1_000; i++) await outputs.append(id, line(i));
    await outputs.end(id);
    const text = await readAll();
    expect(text).toMatch(LEFT_OUT);
    expect(text.endsWith(line(998) + line(999))).toBe(true);
    expect(text).not.toContain(line(1));
    const sizes = readdirSync(join(folder, id)).map((name) => statSync(join(folder, id, name)).size);
    const kept = sizes.reduce((a, b) => a + b, 0);
    expect(kept).toBeLessThanOrEqual(10_000);
    expect(kept).toBeGreaterThan(5_000);
  });

  test("reaches a reader that keeps up in full", async () => {
    outputs = makeOutputFiles(folder, { longest: 10_000 });
    await outputs.begin(id);
    const following = follow();
    let wanted = "";
    for (let i = 0; i < 300; i++) {
      await outputs.append(id, line(i));
      wanted += line(i);
      await vi.waitFor(() => expect(following.text).toHaveLength(wanted.length), { interval: 1 });
    }
    await outputs.end(id);
    await following.done;
    expect(following.text).toBe(wanted);
  });

  test("leaves a gap that is told to a reader that does not", async () => {
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
    expect(text.match(new RegExp(LEFT_OUT, "g"))).toHaveLength(1);
  });
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
