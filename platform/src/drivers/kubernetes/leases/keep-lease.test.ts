import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Logger, pause, type Running, silentLogger, systemClock } from "../../../kernel/index.ts";
import { keepLease } from "./keep-lease.ts";
import { openLeaseCluster } from "./lease-fixtures.ts";
import type { Lease } from "./lease-object.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] }));
afterEach(() => void vi.useRealTimers());

const SECOND = 1_000;
const passSeconds = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * SECOND);

interface WorkPlan {
  /** Seconds that starting and stopping take. */
  readonly starts?: number;
  readonly stops?: number;
  /** How many starts fail first. */
  readonly fails?: number;
  readonly stopFails?: boolean;
}

/** One cluster with processes on it that keep the one lease, of fifteen seconds. */
function openStage() {
  const cluster = openLeaseCluster();
  /** Who works now; a start under way is work as well. */
  const working = new Set<string>();
  let most = 0;
  const history: string[] = [];
  const keepers: Running[] = [];
  const enter = (holder: string) => {
    working.add(holder);
    most = Math.max(most, working.size);
    history.push(`+${holder}`);
  };
  const leave = (holder: string) => {
    working.delete(holder);
    history.push(`-${holder}`);
  };
  return {
    cluster,
    working: () => [...working].join(),
    /** Most that ever worked at once. */
    most: () => most,
    history,
    holder: () => (cluster.lease() as Lease | undefined)?.spec.holderIdentity,
    keep: (holder: string, plan: WorkPlan = {}, logger: Logger = silentLogger) => {
      let failures = plan.fails ?? 0;
      const connected = cluster.connect();
      const keeper = keepLease({
        ...{ client: connected.client, namespace: "system", name: "telling", holder, logger },
        now: systemClock,
        work: async () => {
          enter(holder);
          if (plan.starts) await pause(plan.starts * SECOND);
          if (failures-- > 0) {
            leave(holder);
            throw new Error("no database");
          }
          return {
            stop: async () => {
              if (plan.stops) await pause(plan.stops * SECOND);
              leave(holder);
              if (plan.stopFails) throw new Error("it was broken");
            },
          };
        },
      });
      keepers.push(keeper);
      return {
        set line(line: typeof connected.line) {
          connected.line = line;
        },
        stop: async () => {
          const stopped = keeper.stop();
          await passSeconds(60);
          await stopped;
        },
        /** Begins to stop, without time passing. */
        leave: () => keeper.stop(),
      };
    },
  };
}

describe("a lease that nobody has", () => {
  test("is taken at once, and what it is for is started", async () => {
    const stage = openStage();
    const a = stage.keep("a");
    await passSeconds(0);
    expect([stage.holder(), stage.working()]).toEqual(["a", "a"]);
    await a.stop();
    expect([stage.holder(), stage.working()]).toEqual(["", ""]);
  });

  test("is had by one of many that come at once", async () => {
    const stage = openStage();
    const all = ["a", "b", "c", "d"].map((name) => stage.keep(name));
    await passSeconds(120);
    expect([stage.history, stage.most()]).toEqual([["+a"], 1]);
    for (const keeper of all) await keeper.stop();
    expect(stage.most()).toBe(1);
  });
});

describe("a holder", () => {
  test("keeps the lease for as long as it lives", async () => {
    const stage = openStage();
    stage.keep("a");
    stage.keep("b");
    await passSeconds(3_600);
    expect(stage.history).toEqual(["+a"]);
    expect((stage.cluster.lease() as Lease).spec).toMatchObject({ leaseTransitions: 0 });
  });

  test("that stops gives it back, and the next one need not wait for its end", async () => {
    const stage = openStage();
    const a = stage.keep("a");
    stage.keep("b");
    await passSeconds(1);
    const stopped = a.leave();
    await passSeconds(3);
    await stopped;
    expect([stage.holder(), stage.history, stage.most()]).toEqual(["b", ["+a", "-a", "+b"], 1]);
    expect((stage.cluster.lease() as Lease).spec.leaseTransitions).toBe(1);
  });

  test("keeps it while its work is stopping, however long that takes", async () => {
    const stage = openStage();
    const a = stage.keep("a", { stops: 100 });
    stage.keep("b");
    await passSeconds(1);
    const stopped = a.leave();
    await passSeconds(99);
    expect([stage.working(), stage.holder()]).toEqual(["a", "a"]);
    await passSeconds(10);
    await stopped;
    expect([stage.working(), stage.most()]).toEqual(["b", 1]);
  });

  test("renews it while its work is starting, however long that takes", async () => {
    const stage = openStage();
    stage.keep("a", { starts: 100 });
    stage.keep("b");
    await passSeconds(200);
    expect([stage.history, stage.most()]).toEqual([["+a"], 1]);
  });

  test.each(["refused", "silent", "answers lost"] as const)(
    "that the API server does not hear stops before another begins: %s",
    async (line) => {
      const stage = openStage();
      const a = stage.keep("a", { stops: 3 });
      stage.keep("b");
      await passSeconds(7);
      a.line = line;
      await passSeconds(13.5);
      expect(stage.working()).toBe("");
      await passSeconds(20);
      expect([stage.working(), stage.most()]).toEqual(["b", 1]);
      a.line = "good";
      await passSeconds(60);
      expect([stage.history, stage.most()]).toEqual([["+a", "-a", "+b"], 1]);
    },
  );

  test.each(["refused", "silent"] as const)(
    "outlives an API server that is away for a moment: %s",
    async (line) => {
      const stage = openStage();
      const a = stage.keep("a");
      stage.keep("b");
      for (let round = 0; round < 20; round++) {
        await passSeconds(17);
        a.line = line;
        await passSeconds(3);
        a.line = "good";
      }
      expect(stage.history).toEqual(["+a"]);
    },
  );

  test("goes on alone when the API server was away for everybody", async () => {
    const stage = openStage();
    const [a, b] = [stage.keep("a"), stage.keep("b")];
    await passSeconds(7);
    for (const keeper of [a, b]) keeper.line = "refused";
    await passSeconds(60);
    expect(stage.working()).toBe("");
    for (const keeper of [a, b]) keeper.line = "good";
    await passSeconds(60);
    expect([stage.working().length, stage.most()]).toEqual([1, 1]);
  });

  test("whose lease was taken from it stops as soon as it hears", async () => {
    const stage = openStage();
    stage.keep("a");
    await passSeconds(1);
    stage.cluster.edit((lease) => ({ ...lease, spec: { ...(lease as Lease).spec, holderIdentity: "else" } }));
    await passSeconds(5);
    expect([stage.working(), stage.holder()]).toEqual(["", "else"]);
    await passSeconds(20);
    expect([stage.working(), stage.holder()]).toEqual(["a", "a"]);
  });

  test("whose lease was removed makes it anew, and never works beside another", async () => {
    const stage = openStage();
    stage.keep("a");
    stage.keep("b");
    await passSeconds(10);
    stage.cluster.remove();
    await passSeconds(60);
    expect([stage.working().length, stage.most()]).toEqual([1, 1]);
  });

  test("that was killed and comes again under its name goes on at once", async () => {
    const stage = openStage();
    const a = stage.keep("a");
    await passSeconds(1);
    a.line = "silent";
    const b = stage.keep("a");
    await passSeconds(0);
    expect(stage.history).toEqual(["+a", "+a"]);
    await b.stop();
  });

  test("that was killed is followed by another after the duration", async () => {
    const stage = openStage();
    const killed = stage.cluster.connect();
    await killed.client.create({
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name: "telling", namespace: "system" },
      spec: { holderIdentity: "killed", leaseDurationSeconds: 15 },
    } as Lease);
    stage.keep("b");
    await passSeconds(14);
    expect(stage.working()).toBe("");
    await passSeconds(5);
    expect(stage.working()).toBe("b");
  });
});

describe("work", () => {
  test("that cannot be started gives the lease to another, and is told as an error", async () => {
    const stage = openStage();
    const error = vi.fn();
    stage.keep("a", { fails: 1_000 }, { ...silentLogger, error });
    stage.keep("b");
    await passSeconds(20);
    expect([stage.working(), stage.holder(), stage.most()]).toEqual(["b", "b", 1]);
    expect(error).toHaveBeenCalledWith("what a lease is for could not be started", {
      name: "telling",
      error: new Error("no database"),
    });
  });

  test("that cannot be started is tried again, with pauses", async () => {
    const stage = openStage();
    stage.keep("a", { fails: 3 });
    await passSeconds(30);
    expect(stage.working()).toBe("a");
    expect(stage.history.length).toBe(7);
  });

  test("that fails to start after its lease was lost leaves nothing running", async () => {
    const stage = openStage();
    const a = stage.keep("a", { starts: 12, fails: 1 });
    await passSeconds(1);
    a.line = "refused";
    await passSeconds(30);
    expect(stage.working()).toBe("");
    a.line = "good";
    await passSeconds(60);
    expect(stage.working()).toBe("a");
  });

  test("that does not stop cleanly is told, and the lease goes on", async () => {
    const stage = openStage();
    const error = vi.fn();
    const a = stage.keep("a", { stopFails: true }, { ...silentLogger, error });
    await passSeconds(1);
    await a.stop();
    expect(stage.holder()).toBe("");
    expect(error).toHaveBeenCalledWith("what a lease is for did not stop cleanly", expect.anything());
  });
});

describe("stopping", () => {
  test("ends although nothing answers, and leaves no timer", async () => {
    const stage = openStage();
    const [a, b] = [stage.keep("a"), stage.keep("b")];
    await passSeconds(1);
    a.line = "silent";
    b.line = "silent";
    await Promise.all([a.stop(), b.stop()]);
    expect([stage.working(), vi.getTimerCount()]).toEqual(["", 0]);
  });

  test("of one that never had the lease leaves the holder alone", async () => {
    const stage = openStage();
    stage.keep("a");
    const b = stage.keep("b");
    await passSeconds(10);
    await b.stop();
    expect([stage.working(), stage.holder()]).toEqual(["a", "a"]);
  });

  test("while its work starts stops it too", async () => {
    const stage = openStage();
    const a = stage.keep("a", { starts: 5 });
    await passSeconds(1);
    await a.stop();
    expect([stage.history, stage.holder()]).toEqual([["+a", "-a"], ""]);
  });
});

test("processes that come, go and lose the API server at any time never work at once", async () => {
  const stage = openStage();
  const keepers = ["a", "b", "c"].map((name) => stage.keep(name, { starts: 2, stops: 2 }));
  const lines = ["good", "refused", "silent", "answers lost", "good"] as const;
  for (let round = 0; round < 300; round++) {
    const keeper = keepers[(round * 7) % 3];
    if (keeper) keeper.line = lines[(round * 11 + (round % 4)) % lines.length] ?? "good";
    await passSeconds(((round * 13) % 17) + 0.5);
  }
  expect(stage.most()).toBe(1);
  expect(stage.history.length).toBeGreaterThan(20);
  for (const keeper of keepers) keeper.line = "good";
  await passSeconds(60);
  expect(stage.working().length).toBe(1);
});
