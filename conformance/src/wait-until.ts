import { onKubernetes } from "./engine-differences.ts";
import { patience } from "./patience.ts";

/** After how many milliseconds a condition is looked at again. A cluster's own programs need the processors too. */
const LOOK_MS = onKubernetes ? 100 : 20;

/**
 * Resolves with the first value of `look` that is neither undefined nor false. Throws after the deadline, with what was
 * waited for and, if given, what is there instead.
 */
export async function waitUntil<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  { ms = 10_000, instead }: { ms?: number; instead?: () => unknown } = {},
): Promise<T> {
  const limit = patience(ms);
  const until = performance.now() + limit;
  while (true) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > until) {
      const there = instead ? `; instead:\n${String(instead())}` : "";
      throw new Error(`waited ${limit} ms for ${what}${there}`);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
