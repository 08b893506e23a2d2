import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { highestSafePort, makePortPool, portsInUse } from "./port-pool.ts";

const NONE = () => new Set<number>();

describe("the port pool", () => {
  test("gives each port once, until it is released", () => {
    const pool = makePortPool({ taken: NONE, random: () => 0, lowest: 10_000, highest: 10_002 });
    expect([pool.take(), pool.take(), pool.take()]).toEqual([10_000, 10_001, 10_002]);
    expect(() => pool.take()).toThrow("All ports from 10000 to 10002 are in use");
    pool.release(10_001);
    expect(pool.take()).toBe(10_001);
  });

  test("leaves out what others listen on", () => {
    const pool = makePortPool({
      taken: () => new Set([10_000, 10_001]),
      random: () => 0,
      lowest: 10_000,
      highest: 10_002,
    });
    expect(pool.take()).toBe(10_002);
  });

  test("begins anywhere in its range", () => {
    const pool = makePortPool({ taken: NONE, random: () => 0.999, lowest: 10_000, highest: 10_009 });
    expect([pool.take(), pool.take()]).toEqual([10_009, 10_000]);
  });

  test.each([
    ["32768\t60999\n", 32_767],
    ["20000 60999", 19_999],
    ["1024 65535", 32_767],
    ["nonsense", 32_767],
  ])("stays below the outgoing range %j", (text, expected) => {
    expect(highestSafePort(() => text)).toBe(expected);
  });

  test("a machine without the file gets the usual bound", () => {
    const missing = () => {
      throw new Error("ENOENT");
    };
    expect(highestSafePort(missing)).toBe(32_767);
  });

  test("sees the ports in use on this machine", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, resolve));
    const { port } = server.address() as { port: number };
    expect(portsInUse().has(port)).toBe(true);
    await new Promise((resolve) => server.close(resolve));
  });
});
