import { randomUUID } from "node:crypto";
import type { Duplex } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BusinessError, StaleClaim } from "../../kernel/index.ts";
import type { DynoNews, DynoObservation, DynoSpec, DynoState } from "./dyno.ts";
import type { DynoHost } from "./dyno-ports.ts";

/**
 * What the process of a spec does:
 * - `serves`: listens on PORT. - `never-listens`: runs without listening. - `works`: runs.
 * - `exits-0`, `exits-3`: ends at once with that status. - `ignores-term`: listens, and runs on after SIGTERM.
 * - `echo`: with a client: prints `got <line>` for each line of input, and ends with 5 at the end of its input.
 */
export type DynoBehavior =
  | "serves"
  | "never-listens"
  | "works"
  | "exits-0"
  | "exits-3"
  | "ignores-term"
  | "echo";

export interface DynoHostHarness {
  readonly host: DynoHost;
  /** The part of a spec that makes its process behave so. */
  program(behavior: DynoBehavior): Pick<DynoSpec, "image" | "command" | "displayCommand">;
  close(): Promise<void>;
}

const WITHIN_MS = 15_000;

/** A spec of the suite: a web dyno unless changed. */
export function suiteSpec(
  harness: Pick<DynoHostHarness, "program">,
  behavior: DynoBehavior,
  change: Partial<DynoSpec> = {},
): DynoSpec {
  return {
    id: randomUUID(),
    name: "web.1",
    type: "web",
    appId: "11111111-1111-4111-8111-111111111111",
    appName: "example",
    releaseId: "22222222-2222-4222-8222-222222222222",
    releaseVersion: 3,
    env: {},
    limits: { memoryBytes: 512 * 1024 * 1024, cpuShare: 1, pids: 256 },
    bootSeconds: 10,
    stopSeconds: 10,
    duty: "serve",
    ...harness.program(behavior),
    ...change,
  };
}

/** Follows a host's watch and waits for what a test wants to see. */
export class DynoFollower {
  readonly seen = new Map<string, DynoObservation>();
  readonly history: DynoObservation[] = [];
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #changed = () => {};

  constructor(host: DynoHost) {
    this.#done = this.#follow(host).catch(() => {});
  }

  async #follow(host: DynoHost): Promise<void> {
    for await (const news of host.watch(this.#stop.signal)) {
      for (const dyno of news.kind === "all" ? news.dynos : [news.dyno]) {
        this.seen.set(dyno.id, dyno);
        this.history.push(dyno);
      }
      this.#changed();
    }
  }

  /** The first observation of the dyno that is in that state, now or later. */
  async until<K extends DynoState["kind"]>(
    id: string,
    kind: K,
    test: (dyno: DynoObservation) => boolean = () => true,
  ): Promise<DynoObservation & { readonly state: DynoState & { readonly kind: K } }> {
    const deadline = Date.now() + WITHIN_MS;
    for (;;) {
      const dyno = this.seen.get(id);
      if (dyno?.state.kind === kind && test(dyno)) return dyno as never;
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`${id} was not seen ${kind}, but ${JSON.stringify(dyno?.state)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  statesOf(id: string): string[] {
    return this.history.filter((dyno) => dyno.id === id).map(({ state }) => state.kind);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }
}

/** All a client reads until the other side ends. */
export async function readAll(client: Duplex): Promise<string> {
  const chunks: Buffer[] = [];
  client.on("error", () => {});
  client.on("data", (chunk: Buffer) => chunks.push(chunk));
  await new Promise((resolve) => client.once("close", resolve));
  return Buffer.concat(chunks).toString("utf8");
}

/** What every dyno host must do. */
export function testDynoHost(name: string, open: () => Promise<DynoHostHarness>): void {
  describe(`${name} as a dyno host`, () => {
    let harness: DynoHostHarness;
    let watched: DynoFollower;
    const spec = (behavior: DynoBehavior, change?: Partial<DynoSpec>) => suiteSpec(harness, behavior, change);
    const oneOff = (behavior: DynoBehavior) => spec(behavior, { name: "run.1", type: "run", duty: "work" });
    const apply = (dynos: readonly DynoSpec[], number = 1) =>
      harness.host.apply(
        { appId: dynos[0]?.appId ?? suiteSpec(harness, "serves").appId, dynos },
        { subject: "formation", number },
      );

    beforeEach(async () => {
      harness = await open();
      watched = new DynoFollower(harness.host);
    });
    afterEach(async () => {
      await watched.close();
      await harness.close();
    });

    testFormation();
    testOneOffs();
    testWatch();

    function testFormation() {
      test("starts a web dyno, which is up with an address once it listens", async () => {
        const web = spec("serves");
        await apply([web]);
        const up = await watched.until(web.id, "up");
        expect(up.state.address?.port).toBeGreaterThan(0);
        expect(up).toMatchObject({ name: "web.1", releaseVersion: 3, duty: "serve" });
        expect(watched.statesOf(web.id)).toEqual(["starting", "up"]);
      });

      test("a worker is up once its process runs, without an address", async () => {
        const worker = spec("works", { name: "worker.1", type: "worker", duty: "work" });
        await apply([worker]);
        const up = await watched.until(worker.id, "up");
        expect(up.state.address).toBeUndefined();
      });

      test("the same call twice is the same as once", async () => {
        const web = spec("serves");
        await apply([web]);
        const first = await watched.until(web.id, "up");
        await apply([web]);
        await apply([web], 2);
        expect((await watched.until(web.id, "up")).since).toBe(first.since);
        expect(watched.statesOf(web.id)).toEqual(["starting", "up"]);
      });

      test("stops what is no longer listed, for good", async () => {
        const [one, two] = [spec("serves"), spec("serves", { name: "web.2" })];
        await apply([one, two]);
        await watched.until(one.id, "up");
        await watched.until(two.id, "up");
        await apply([one]);
        await watched.until(two.id, "complete");
        expect(watched.statesOf(two.id)).toEqual(["starting", "up", "stopping", "complete"]);
        expect(watched.seen.get(one.id)?.state.kind).toBe("up");
      });

      test("a dyno that ignores SIGTERM is killed after its time", async () => {
        const web = spec("ignores-term", { stopSeconds: 1 });
        await apply([web]);
        await watched.until(web.id, "up");
        await apply([]);
        const { state } = await watched.until(web.id, "complete");
        expect(state.exitCode).toBe(137);
      });

      test("refuses an older claim and changes nothing", async () => {
        const web = spec("serves");
        await apply([web], 7);
        await watched.until(web.id, "up");
        await expect(apply([], 6)).rejects.toThrow(StaleClaim);
        await apply([web], 7);
        expect(watched.statesOf(web.id)).toEqual(["starting", "up"]);
      });

      test("takes over duties, names and releases of running dynos without a restart", async () => {
        const [old, next] = [spec("serves"), spec("serves", { duty: "stand-by", releaseVersion: 4 })];
        await apply([old, next]);
        await watched.until(old.id, "up");
        const ready = await watched.until(next.id, "up");
        await apply([
          { ...old, duty: "warm" },
          { ...next, duty: "serve" },
        ]);
        await watched.until(old.id, "up", ({ duty }) => duty === "warm");
        const serving = await watched.until(next.id, "up", ({ duty }) => duty === "serve");
        expect(serving.since).toBe(ready.since);
        await apply([{ ...old, duty: "serve", name: "web.4", releaseVersion: 5 }]);
        const again = await watched.until(old.id, "up", ({ duty }) => duty === "serve");
        expect(again).toMatchObject({ name: "web.4", releaseVersion: 5 });
      });

      test("restarts a dyno under its id", async () => {
        const web = spec("serves");
        await apply([web]);
        const first = await watched.until(web.id, "up");
        await harness.host.restart(web.id);
        await watched.until(web.id, "up", ({ since }) => since > first.since);
        expect(watched.statesOf(web.id)).toEqual(["starting", "up", "starting", "up"]);
        await expect(harness.host.restart(randomUUID())).rejects.toThrow(BusinessError);
      });

      test("an end by itself is a crash, also with status 0, and the first restart comes at once", async () => {
        const worker = spec("exits-0", { name: "worker.1", type: "worker", duty: "work" });
        await apply([worker]);
        const { state } = await watched.until(worker.id, "crashed");
        expect(state).toMatchObject({ reason: "exit", exitCode: 0 });
        expect(state.restartAt).toBeDefined();
        await watched.until(worker.id, "crashed", ({ since }) => since > (watched.history[0]?.since ?? ""));
        await apply([]);
        await watched.until(worker.id, "complete");
      });

      test("a web dyno that does not listen in time has crashed", async () => {
        const web = spec("never-listens", { bootSeconds: 1 });
        await apply([web]);
        const { state } = await watched.until(web.id, "crashed");
        expect(state.reason).toBe("boot-timeout");
      });
    }

    function testOneOffs() {
      test("runs a one-off dyno once and tells its status", async () => {
        const run = oneOff("exits-3");
        await harness.host.run(run, { attach: false });
        const { state } = await watched.until(run.id, "complete");
        expect(state.exitCode).toBe(3);
        expect(watched.statesOf(run.id)).not.toContain("crashed");
      });

      test("a one-off dyno is no part of the formation", async () => {
        const run = oneOff("works");
        await harness.host.run(run, { attach: false });
        await watched.until(run.id, "up");
        await apply([]);
        expect(watched.seen.get(run.id)?.state.kind).toBe("up");
        await harness.host.stop(run.id);
        await watched.until(run.id, "complete");
        await harness.host.stop(run.id);
      });

      test("ends a one-off dyno when its time is over", async () => {
        const run = oneOff("works");
        await harness.host.run(run, { attach: false, lifetimeSeconds: 1 });
        await watched.until(run.id, "complete");
      });

      test("connects one client, whose input ends with byte 4", async () => {
        const run = oneOff("echo");
        await harness.host.run(run, { attach: true });
        const client = await harness.host.attach(run.id);
        client.write("one\ntwo\n\x04ignored");
        expect(await readAll(client)).toBe("got one\ngot two\n");
        const { state } = await watched.until(run.id, "complete");
        expect(state.exitCode).toBe(5);
      });

      test("nobody attaches twice, or to what does not wait", async () => {
        const run = oneOff("echo");
        await expect(harness.host.attach(run.id)).rejects.toThrow(BusinessError);
        await harness.host.run(run, { attach: true });
        const client = await harness.host.attach(run.id);
        await expect(harness.host.attach(run.id)).rejects.toThrow(BusinessError);
        client.destroy();
        await watched.until(run.id, "complete");
      });

      test("an attached dyno ends with its client", async () => {
        const run = oneOff("works");
        await harness.host.run(run, { attach: true });
        const client = await harness.host.attach(run.id);
        client.on("error", () => {});
        await watched.until(run.id, "up");
        client.end();
        await watched.until(run.id, "complete");
      });
    }

    function testWatch() {
      test("a new watch begins with everything that runs", async () => {
        const web = spec("serves");
        await apply([web]);
        await watched.until(web.id, "up");
        const second = new DynoFollower(harness.host);
        const { state } = await second.until(web.id, "up");
        expect(state.kind).toBe("up");
        expect(second.history).toHaveLength(1);
        await second.close();
      });

      test("a slow reader still learns the newest state of each dyno", async () => {
        const stop = new AbortController();
        const slow = harness.host.watch(stop.signal)[Symbol.asyncIterator]();
        expect((await slow.next()).value).toMatchObject({ kind: "all" });
        const [one, two] = [spec("serves"), spec("serves", { name: "web.2" })];
        await apply([one, two]);
        await watched.until(one.id, "up");
        await watched.until(two.id, "up");
        await apply([two]);
        await watched.until(one.id, "complete");
        const newest = new Map<string, string>();
        while (newest.get(one.id) !== "complete" || newest.get(two.id) !== "up") {
          const { value } = (await slow.next()) as { value: DynoNews };
          if (value.kind === "changed") newest.set(value.dyno.id, value.dyno.state.kind);
        }
        stop.abort();
        expect((await slow.next()).done).toBe(true);
      });
    }
  });
}
