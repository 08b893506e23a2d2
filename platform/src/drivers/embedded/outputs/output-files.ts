import { createReadStream } from "node:fs";
import { appendFile, mkdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { OutputStore } from "../../../delivery/output/index.ts";
import { isId, notFound, pause } from "../../../kernel/index.ts";

/** Longest text kept (facts: build §4 "Output log"); past it, no more is written but one line that says so. */
const LONGEST_BYTES = 300 * 1024 * 1024;
/** How often a reader looks for text that another process wrote. */
const LOOK_MS = 500;

/** Output as files: `<id>.txt` grows, `<id>.end` says that it is whole. */
export function makeOutputFiles(folder: string): OutputStore {
  const wakers = new Map<string, Set<() => void>>();
  const wake = (id: string) => {
    for (const waker of wakers.get(id) ?? []) waker();
  };
  const text = (id: string) => join(folder, `${requireId(id)}.txt`);
  const end = (id: string) => join(folder, `${requireId(id)}.end`);
  return {
    begin: async (id) => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await rm(end(id), { force: true });
      await writeFile(text(id), "", { mode: 0o600 });
      wake(id);
    },
    append: async (id, added) => {
      const size = (await sizeOf(text(id))) ?? 0;
      if (size > LONGEST_BYTES) return;
      const last = size + Buffer.byteLength(added) > LONGEST_BYTES;
      await appendFile(text(id), last ? "\n !     The output is too long; the rest is left out.\n" : added, {
        mode: 0o600,
      });
      wake(id);
    },
    end: async (id) => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeFile(end(id), "", { mode: 0o600 });
      wake(id);
    },
    read: async function* (id, signal) {
      if ((await sizeOf(text(id))) === undefined) throw notFound("output");
      let from = 0;
      while (!signal.aborted) {
        const changed = nextChange(wakers, id, signal);
        const ended = (await sizeOf(end(id))) !== undefined;
        for await (const chunk of createReadStream(text(id), { start: from, signal })) {
          from += (chunk as Buffer).length;
          yield (chunk as Buffer).toString("utf8");
        }
        if (ended) return changed.cancel();
        await changed.done;
      }
    },
    remove: async (id) => {
      await rm(text(id), { force: true });
      await rm(end(id), { force: true });
    },
  };
}

/** Ids become file names: nothing else does. */
function requireId(id: string): string {
  if (!isId(id)) throw notFound("output");
  return id;
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.size;
}

function nextChange(wakers: Map<string, Set<() => void>>, id: string, signal: AbortSignal) {
  const woken = new AbortController();
  const cancel = () => woken.abort();
  const mine = wakers.get(id) ?? new Set();
  wakers.set(id, mine.add(cancel));
  signal.addEventListener("abort", cancel, { once: true });
  const done = pause(LOOK_MS, woken.signal).finally(() => {
    signal.removeEventListener("abort", cancel);
    mine.delete(cancel);
    if (mine.size === 0) wakers.delete(id);
  });
  return { cancel, done };
}
