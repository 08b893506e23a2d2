import { describe, expect, test } from "vitest";
import type { ListeningSocket } from "../sandbox/index.ts";
import { nextPauseMs, watchBoot } from "./boot-watch.ts";

const HERE = { host: "127.0.0.1", port: 5000 };
const REACHABLE: ListeningSocket = { address: "0.0.0.0", port: 5000, reachableAt: HERE };
const LOOPBACK: ListeningSocket = { address: "127.0.0.1", port: 5000 };
const ELSEWHERE: ListeningSocket = {
  address: "0.0.0.0",
  port: 3000,
  reachableAt: { host: "127.0.0.1", port: 3000 },
};

/** A sandbox whose sockets are those of the next look. */
function sandbox(looks: readonly (readonly ListeningSocket[])[]) {
  let look = 0;
  return {
    looks: () => look,
    listeningSockets: async (port?: number) => {
      const sockets = looks[Math.min(look++, looks.length - 1)] ?? [];
      return sockets.filter((socket) => port === undefined || socket.port === port);
    },
  };
}

const watch = (of: ReturnType<typeof sandbox>, withinMs: number, signal = new AbortController().signal) =>
  watchBoot(of, { port: 5000, withinMs, signal });

describe("watching a boot", () => {
  test("ends when the dyno listens where the router reaches it", async () => {
    expect(await watch(sandbox([[], [LOOPBACK], [ELSEWHERE], [REACHABLE]]), 5_000)).toEqual({
      kind: "listening",
      address: HERE,
    });
  });

  test.each([
    ["nowhere", []],
    ["on loopback", [LOOPBACK]],
    ["on another port", [ELSEWHERE]],
    ["on both", [LOOPBACK, ELSEWHERE]],
  ])("ends in time when it listens %s, and tells where", async (_what, found) => {
    expect(await watch(sandbox([found]), 30)).toEqual({ kind: "timeout", found });
  });

  test("ends with the dyno", async () => {
    const stop = new AbortController();
    const watching = watch(sandbox([[]]), 60_000, stop.signal);
    stop.abort();
    expect(await watching).toEqual({ kind: "ended" });
  });

  test("looks often at first and at most a twentieth late", () => {
    expect(nextPauseMs(0)).toBeLessThanOrEqual(5);
    for (const elapsed of [200, 1_000, 4_000]) expect(nextPauseMs(elapsed)).toBeLessThanOrEqual(elapsed / 20);
    expect(nextPauseMs(600_000)).toBeLessThanOrEqual(250);
  });
});
