import { vi } from "vitest";

/** A wait in a test ends what hangs. One second, Vitest's own limit, is not enough where others use the machine as well. */
const LONGEST_MS = 20_000;

const { waitFor } = vi;
vi.waitFor = (work, options) =>
  waitFor(work, typeof options === "number" ? { timeout: options } : { timeout: LONGEST_MS, ...options });
