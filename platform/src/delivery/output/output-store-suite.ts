import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { newId, StaleClaim } from "../../kernel/index.ts";
import type { OutputStore } from "./output.ts";

export interface OutputStoreSubject {
  readonly outputs: OutputStore;
  close(): Promise<void>;
}

export interface OutputStoreSettings {
  /** Longest text kept, in bytes. */
  readonly longest?: number;
  /** How often a reader looks for text that nobody told it of. */
  readonly lookMs?: number;
}

const NEVER = new AbortController().signal;
const LEFT_OUT = / ! {5}This output is longer than Conifer keeps/;
const line = (i: number) => `${String(i).padStart(98, ".")}\n`;

async function readAll(outputs: OutputStore, id: string, signal = NEVER): Promise<string> {
  let text = "";
  for await (const piece of outputs.read(id, signal)) text += piece;
  return text;
}

/** Follows an output in the background; `text` is what has come so far. */
function follow(outputs: OutputStore, id: string, signal = NEVER) {
  const following = { text: "", done: Promise.resolve() };
  following.done = (async () => {
    for await (const piece of outputs.read(id, signal)) following.text += piece;
  })();
  return following;
}

/** What every OutputStore does, wherever it keeps the texts. `open` is called for each test, with an empty store. */
export function describeOutputStore(
  driver: string,
  open: (settings: OutputStoreSettings) => Promise<OutputStoreSubject>,
): void {
  describe(`an output store: ${driver}`, () => {
    let opened: OutputStoreSubject | undefined;
    let id: string;
    beforeEach(() => {
      id = newId();
    });
    afterEach(async () => {
      await opened?.close();
      opened = undefined;
    });
    const subject = async (settings: OutputStoreSettings = {}) => {
      opened = await open({ lookMs: 20, ...settings });
      return opened.outputs;
    };

    it("has a reader that after the end gets everything", async () => {
      const outputs = await subject();
      await outputs.begin(id);
      await outputs.append(id, "one\n");
      await outputs.append(id, "two ✓\n");
      await outputs.end(id);
      expect(await readAll(outputs, id)).toBe("one\ntwo ✓\n");
    });

    it("has a reader that while it is written gets what is there, then what comes, long before it would look", async () => {
      const outputs = await subject({ lookMs: 60_000 });
      await outputs.begin(id);
      await outputs.append(id, "one\n");
      const [first, second] = [follow(outputs, id), follow(outputs, id)];
      await vi.waitFor(() => expect([first.text, second.text]).toEqual(["one\n", "one\n"]));
      await outputs.append(id, "two\n");
      await vi.waitFor(() => expect([first.text, second.text]).toEqual(["one\ntwo\n", "one\ntwo\n"]));
      await outputs.end(id);
      await Promise.all([first.done, second.done]);
    });

    it("has a reader that before anything is written learns at once that it has begun", async () => {
      const outputs = await subject();
      await outputs.begin(id);
      const reading = outputs.read(id, NEVER)[Symbol.asyncIterator]();
      expect(await reading.next()).toEqual({ value: "", done: false });
      await outputs.append(id, "one");
      expect(await reading.next()).toEqual({ value: "one", done: false });
      await reading.return?.();
    });

    it("has a reader that before the beginning is told that there is nothing", async () => {
      const outputs = await subject();
      await expect(readAll(outputs, id)).rejects.toMatchObject({ id: "not_found" });
      await outputs.end(id);
      await expect(readAll(outputs, id)).rejects.toMatchObject({ id: "not_found" });
    });

    it.each(["", "..", "../../etc/passwd", "x", "A".repeat(36)])("of %j is told the same", async (bad) => {
      const outputs = await subject();
      const reading = async () => {
        for await (const _ of outputs.read(bad, NEVER)) break;
      };
      await expect(reading()).rejects.toMatchObject({ id: "not_found" });
      await expect(outputs.begin(bad)).rejects.toMatchObject({ id: "not_found" });
    });

    it("has a reader that that goes away ends quietly, waiting or reading", async () => {
      const outputs = await subject();
      await outputs.begin(id);
      await outputs.append(id, "x".repeat(1_000_000));
      const leaving = new AbortController();
      const following = follow(outputs, id, leaving.signal);
      await vi.waitFor(() => expect(following.text).toHaveLength(1_000_000));
      leaving.abort();
      await following.done;
      expect(await readAll(outputs, id, AbortSignal.abort())).toBe("");
    });

    it("has a reader that ends when the output is removed", async () => {
      const outputs = await subject();
      await outputs.begin(id);
      await outputs.append(id, "one");
      const following = follow(outputs, id);
      await vi.waitFor(() => expect(following.text).toBe("one"));
      await outputs.remove(id);
      await following.done;
      await expect(readAll(outputs, id)).rejects.toMatchObject({ id: "not_found" });
    });

    it("has a reader that goes over to a text that begins anew", async () => {
      const outputs = await subject();
      await outputs.begin(id);
      await outputs.append(id, "first attempt\n");
      const following = follow(outputs, id);
      await vi.waitFor(() => expect(following.text).toBe("first attempt\n"));
      await outputs.begin(id);
      await outputs.append(id, "second attempt, longer than the first\n");
      await outputs.end(id);
      await following.done;
      expect(following.text).toBe("first attempt\nsecond attempt, longer than the first\n");
      expect(await readAll(outputs, id)).toBe("second attempt, longer than the first\n");
    });

    it("has a reader that of an output that has ended and begins anew waits for its new end", async () => {
      const outputs = await subject();
      await outputs.begin(id);
      await outputs.end(id);
      await outputs.begin(id);
      const following = follow(outputs, id);
      await outputs.append(id, "again");
      await outputs.end(id);
      await following.done;
      expect(following.text).toBe("again");
    });

    it("is written to by whoever's turn came last, and by nobody whose turn is over", async () => {
      const outputs = await subject();
      await outputs.begin(id, 4);
      await outputs.append(id, "first\n", 4);
      await outputs.append(id, "second\n", 6);
      for (const late of [
        () => outputs.begin(id, 4),
        () => outputs.append(id, "late\n", 5),
        () => outputs.end(id, 5),
      ])
        await expect(late()).rejects.toThrow(StaleClaim);
      await outputs.append(id, "third\n");
      await outputs.end(id, 6);
      await expect(outputs.begin(id, 4)).rejects.toThrow(StaleClaim);
      expect(await readAll(outputs, id)).toBe("first\nsecond\nthird\n");
      await outputs.begin(newId(), 1);
    });

    it("keeps the end of a long output, and says what is missing", async () => {
      const outputs = await subject({ longest: 10_000 });
      await outputs.begin(id);
      for (let i = 0; i < 1_000; i++) await outputs.append(id, line(i));
      await outputs.end(id);
      const text = await readAll(outputs, id);
      expect(text).toMatch(LEFT_OUT);
      expect(text.endsWith(line(998) + line(999))).toBe(true);
      expect(text).not.toContain(line(1));
    });

    it("gives a long output in full to a reader that keeps up", async () => {
      const outputs = await subject({ longest: 10_000 });
      await outputs.begin(id);
      const following = follow(outputs, id);
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
  });
}
