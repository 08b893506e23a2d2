import { randomUUID } from "node:crypto";
import type { Duplex } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BusinessError } from "../../kernel/index.ts";
import type { DynoSpec } from "./dyno.ts";
import {
  type DynoBehavior,
  DynoFollower,
  type DynoHostHarness,
  readAll,
  suiteSpec,
} from "./dyno-host-suite.ts";
import type { InsideCommand } from "./dyno-ports.ts";

/** The commands of the suite. Files in `/tmp` are the dyno's: another command finds them. */
export const INSIDE = {
  echo: 'while read -r line; do echo "got $line"; done',
  tells: 'printf "%s\\n" "$GREETING $NAME, from $DYNO"',
  stays: "trap 'echo bye >/tmp/bye; exit' HUP; echo ready; while :; do sleep 0.1; done",
  "ignores-hup": "trap '' HUP; echo $$ >/tmp/stubborn; echo ready; while :; do sleep 0.1; done",
  "is-stubborn-there": 'if kill -0 "$(cat /tmp/stubborn)" 2>/dev/null; then echo there; else echo gone; fi',
  "reads-bye": "cat /tmp/bye 2>/dev/null",
  "leaves-child": "sleep 1000 >/dev/null 2>&1 & echo $! >/tmp/child; echo left",
  "is-child-there": 'if kill -0 "$(cat /tmp/child)" 2>/dev/null; then echo there; else echo gone; fi',
  "writes-both": "echo out; echo err >&2",
} as const;

const WITHIN_MS = 20_000;

/** What every dyno host must do with commands inside dynos that run. */
export function testDynoInsides(name: string, open: () => Promise<DynoHostHarness>): void {
  describe(`commands inside the dynos of ${name}`, () => {
    let harness: DynoHostHarness;
    let watched: DynoFollower;
    const spec = (behavior: DynoBehavior, change?: Partial<DynoSpec>) =>
      suiteSpec(harness, behavior, { stopSeconds: 2, ...change });
    const apply = (dynos: readonly DynoSpec[]) =>
      harness.host.apply(
        { appId: dynos[0]?.appId ?? spec("serves").appId, dynos },
        { subject: "formation", number: 1 },
      );
    const start = async (change?: Partial<DynoSpec>) => {
      const web = spec("serves", change);
      await apply([web]);
      await watched.until(web.id, "up");
      return web;
    };
    const inside = (dynoId: string, line: keyof typeof INSIDE, change: Partial<InsideCommand> = {}) =>
      harness.host.runInside(dynoId, { line: INSIDE[line], env: {}, ...change });
    const says = async (dynoId: string, line: keyof typeof INSIDE) =>
      await readAll(await inside(dynoId, line));

    beforeEach(async () => {
      harness = await open();
      watched = new DynoFollower(harness.host);
    });
    afterEach(async () => {
      await watched.close();
      await harness.close();
    });

    test("have its environment, and their own above it", async () => {
      const web = await start({ env: { GREETING: "good day", NAME: "nobody" } });
      const env = { NAME: 'it\'s "me" \\0 $HOME\nä%s' };
      const client = await inside(web.id, "tells", { env });
      expect(await readAll(client)).toBe(`good day ${env.NAME}, from web.1\n`);
    });

    test("read what their client writes, to byte 4, and the dyno goes on", async () => {
      const web = await start();
      const client = await inside(web.id, "echo");
      client.write("one\ntwo\n\x04ignored");
      expect(await readAll(client)).toBe("got one\ngot two\n");
      expect(watched.statesOf(web.id)).toEqual(["starting", "up"]);
    });

    test("give their client both outputs", async () => {
      const { id } = await start();
      const text = await says(id, "writes-both");
      expect(text.split("\n").sort()).toEqual(["", "err", "out"]);
    });

    test("several at once do not disturb each other", async () => {
      const { id } = await start();
      const clients = await Promise.all([1, 2, 3].map(() => inside(id, "echo")));
      for (const [n, client] of clients.entries()) client.write(`hello ${n}\n\x04`);
      expect(await Promise.all(clients.map(readAll))).toEqual([0, 1, 2].map((n) => `got hello ${n}\n`));
    });

    test("are hung up on with their client", async () => {
      const { id } = await start();
      const client = await inside(id, "stays");
      await untilReady(client);
      client.destroy();
      await expect.poll(() => says(id, "reads-bye"), { timeout: WITHIN_MS }).toBe("bye\n");
      expect(watched.statesOf(id)).toEqual(["starting", "up"]);
    });

    test("are killed when they ignore that", async () => {
      const { id } = await start();
      const client = await inside(id, "ignores-hup");
      await untilReady(client);
      client.end();
      await expect.poll(() => says(id, "is-stubborn-there"), { timeout: WITHIN_MS }).toBe("gone\n");
    });

    test("take what they have started with them", async () => {
      const { id } = await start();
      expect(await says(id, "leaves-child")).toBe("left\n");
      await expect.poll(() => says(id, "is-child-there"), { timeout: WITHIN_MS }).toBe("gone\n");
    });

    test("end with the dyno", async () => {
      const { id } = await start();
      const client = await inside(id, "stays");
      await untilReady(client);
      const end = new Promise((resolve) => client.once("close", resolve));
      client.resume();
      await apply([]);
      await end;
      await watched.until(id, "complete");
    });

    test("also run in one-off dynos", async () => {
      const run = spec("works", { name: "run.1", type: "run", duty: "work", env: { GREETING: "hi" } });
      await harness.host.run(run, { attach: false });
      await watched.until(run.id, "up");
      expect(await says(run.id, "tells")).toBe("hi , from run.1\n");
      await harness.host.stop(run.id);
    });

    test("are refused where there is no dyno, and in one that is not up", async () => {
      await expect(inside(randomUUID(), "echo")).rejects.toThrow(BusinessError);
      const web = spec("never-listens");
      await apply([web]);
      await watched.until(web.id, "starting");
      await expect(inside(web.id, "echo")).rejects.toThrow("web.1 is starting");
    });
  });
}

async function untilReady(client: Duplex): Promise<void> {
  client.on("error", () => {});
  await new Promise((resolve) => client.once("data", resolve));
}
