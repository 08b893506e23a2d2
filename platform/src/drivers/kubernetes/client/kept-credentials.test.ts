import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { keepCredentials, type ReadCredentials } from "./kept-credentials.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: 1_000 }));
afterEach(() => void vi.useRealTimers());

/** Reads `t1`, `t2`, …, each good for so long; what is under way waits for `open`. */
function source(goodForMs: number) {
  const waiting: PromiseWithResolvers<void>[] = [];
  let reads = 0;
  const read = async (): Promise<ReadCredentials> => {
    const token = `t${++reads}`;
    const gate = Promise.withResolvers<void>();
    waiting.push(gate);
    await gate.promise;
    return { credentials: { token }, until: Date.now() + goodForMs };
  };
  return {
    credentials: keepCredentials(read),
    reads: () => reads,
    open: () => waiting.shift()?.resolve(),
    fail: () => waiting.shift()?.reject(new Error("unreadable")),
  };
}

describe("credentials that are kept", () => {
  test("are read once for all who ask meanwhile, and kept for their time", async () => {
    const { credentials, open, reads } = source(100);
    const asked = [credentials(), credentials(), credentials()];
    open();
    expect(await Promise.all(asked)).toEqual([{ token: "t1" }, { token: "t1" }, { token: "t1" }]);
    vi.setSystemTime(1_099);
    expect(await credentials()).toEqual({ token: "t1" });
    vi.setSystemTime(1_100);
    const renewed = credentials();
    open();
    expect(await renewed).toEqual({ token: "t2" });
    expect(reads()).toBe(2);
  });

  test("are read anew once when several were refused with them", async () => {
    const { credentials, open, reads } = source(Number.POSITIVE_INFINITY);
    const first = credentials();
    open();
    const refused = await first;
    const asked = [credentials(refused), credentials(refused)];
    open();
    const [renewed] = await Promise.all(asked);
    expect(renewed).toEqual({ token: "t2" });
    expect(await credentials(refused)).toBe(renewed);
    expect(await credentials()).toBe(renewed);
    expect(reads()).toBe(2);
  });

  test("that fail fail for all who wait, and are read again for the next", async () => {
    const { credentials, open, fail, reads } = source(100);
    const asked = Promise.allSettled([credentials(), credentials()]);
    fail();
    expect((await asked).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    const again = credentials();
    open();
    expect(await again).toEqual({ token: "t2" });
    expect(reads()).toBe(2);
  });

  test("that fail to be renewed leave the refused ones to those that ask without a refusal", async () => {
    const { credentials, open, fail } = source(100);
    const first = credentials();
    open();
    const refused = await first;
    const renewing = credentials(refused);
    fail();
    await expect(renewing).rejects.toThrow("unreadable");
    expect(await credentials()).toBe(refused);
  });
});
