import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DynoFollower, suiteSpec } from "../../../runtime/dyno/dyno-host-suite.ts";
import type { DynoSpec } from "../../../runtime/dyno/index.ts";
import { eventually } from "../sandbox/sandbox-fixtures.ts";
import { type DynoWorld, openDynoWorld, program, shell } from "./dyno-host-fixtures.ts";
import type { EmbeddedDynoHost } from "./embedded-dyno-host.ts";

/** Apps that sleep, dynos that wait for room, and dynos that write too much, on a host with real processes. */

const MIB = 2 ** 20;
let world: DynoWorld;
let open: { host: EmbeddedDynoHost; watched: DynoFollower }[] = [];
beforeAll(async () => {
  world = await openDynoWorld();
});
beforeEach(() => {
  world.lines.length = 0;
});
afterEach(async () => {
  for (const { host, watched } of open) {
    await host.stop();
    await watched.close();
  }
  open = [];
});
afterAll(() => world.close());

async function begin(options: Parameters<DynoWorld["startHost"]>[1], journal?: string) {
  const host = await world.startHost(journal, options);
  const watched = new DynoFollower(host.dynos);
  open.push({ host, watched });
  let number = 1;
  const apply = (...dynos: DynoSpec[]) =>
    host.dynos.apply({ appId: APP, dynos }, { subject: "formation", number: number++ });
  return { host, watched, apply };
}

function dyno(name: string, change: Partial<DynoSpec> = {}): DynoSpec {
  const isWeb = name.startsWith("web");
  const command = isWeb ? program("serve") : shell("sleep 1000");
  return suiteSpec({ program: () => command }, "serves", {
    name,
    type: name.replace(/\..*/, ""),
    duty: isWeb ? "serve" : "work",
    ...change,
  });
}

const APP = dyno("web.1").appId;

/** Looks while the app has visitors, so that it does not sleep again before a busy machine has looked. */
async function whileVisited({ sleeping }: EmbeddedDynoHost, look: () => Promise<unknown>): Promise<void> {
  const visits = setInterval(() => void sleeping.used([APP]), 50);
  await look().finally(() => clearInterval(visits));
}

describe("an app of a size that sleeps", () => {
  const sleeper = (name: string, change: Partial<DynoSpec> = {}) => dyno(name, { sleeps: true, ...change });

  test("does so with its workers after its time, and wakes whole when it is called", async () => {
    const { host, watched, apply } = await begin({ idleMs: 300 });
    const [web, worker, other] = [sleeper("web.1"), sleeper("worker.1"), dyno("clock.1")];
    await apply(web, worker, other);
    for (const { id } of [web, worker]) await watched.until(id, "idle");
    await eventually("they have ended", () => world.log().filter((l) => l.includes("exited")).length === 2);
    expect(world.log("web.1")).toEqual([
      "heroku[web.1]: Starting process with command `node serve.js`",
      "heroku[web.1]: State changed from starting to up",
      "heroku[web.1]: Idling",
      "heroku[web.1]: State changed from up to down",
      "heroku[web.1]: Stopping all processes with SIGTERM",
      "heroku[web.1]: Process exited with status 143",
    ]);
    expect(watched.statesOf(other.id)).toEqual(["starting", "up"]);
    await whileVisited(host, async () => {
      await Promise.all([host.sleeping.wake(APP), host.sleeping.wake(APP)]);
      for (const { id } of [web, worker]) await watched.until(id, "up");
    });
    expect(world.log("web.1").slice(6, 10)).toEqual([
      "heroku[web.1]: Unidling",
      "heroku[web.1]: State changed from down to starting",
      "heroku[web.1]: Starting process with command `node serve.js`",
      "heroku[web.1]: State changed from starting to up",
    ]);
  });

  test("stays awake while it is used", async () => {
    const { host, watched, apply } = await begin({ idleMs: 2_000 });
    const web = sleeper("web.1");
    await apply(web);
    await watched.until(web.id, "up");
    for (let at = 0; at < 25; at++) {
      await host.sleeping.used([APP, randomUUID()]);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(watched.statesOf(web.id)).toEqual(["starting", "up"]);
    await watched.until(web.id, "idle");
  });

  test("without a web dyno never sleeps: nothing would wake it", async () => {
    const { watched, apply } = await begin({ idleMs: 100 });
    const [worker, web] = [sleeper("worker.1"), sleeper("web.1")];
    await apply(worker);
    await watched.until(worker.id, "up");
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(watched.statesOf(worker.id)).toEqual(["starting", "up"]);
    await apply(worker, web);
    await watched.until(worker.id, "idle");
  });

  test("is awake after a release, and wakes with a further dyno of it", async () => {
    const { host, watched, apply } = await begin({ idleMs: 300 });
    const [web, successor] = [sleeper("web.1"), sleeper("web.1", { releaseId: randomUUID() })];
    await apply(web);
    await watched.until(web.id, "idle");
    await apply(web, { ...successor, duty: "stand-by" });
    await watched.until(successor.id, "up");
    expect(watched.seen.get(web.id)?.state.kind).toBe("idle");
    await apply(successor);
    await watched.until(web.id, "complete");
    await watched.until(successor.id, "idle");
    const second = sleeper("web.2", { releaseId: successor.releaseId });
    await whileVisited(host, async () => {
      await apply(successor, second);
      await watched.until(second.id, "up");
      await watched.until(successor.id, "up");
    });
  });

  test("sleeps on when the host is started again", async () => {
    const journal = randomUUID();
    const web = sleeper("web.1");
    const first = await begin({ idleMs: 200 }, journal);
    await first.apply(web);
    await first.watched.until(web.id, "idle");
    await first.host.stop();
    const second = await begin({ idleMs: 200 }, journal);
    await second.watched.until(web.id, "idle");
    expect(second.watched.statesOf(web.id)).toEqual(["idle"]);
    await whileVisited(second.host, async () => {
      await second.host.sleeping.wake(APP);
      await second.watched.until(web.id, "up");
    });
  });
});

describe("a dyno without room", () => {
  const sized = (name: string, mib: number, change: Partial<DynoSpec> = {}) =>
    dyno(name, { limits: { memoryBytes: mib * MIB, cpuShare: 1, pids: 256 }, ...change });

  test("is told so, harms nobody, and starts when another leaves", async () => {
    const { watched, apply } = await begin({ memoryCapacity: 600 * MIB });
    const [web, worker] = [sized("web.1", 400), sized("worker.1", 300, { size: "Standard-1X" })];
    await apply(web, worker);
    await watched.until(web.id, "up");
    const refused = await watched.until(worker.id, "crashed");
    expect(refused.state).toMatchObject({ reason: "room" });
    expect(world.log("worker.1")).toEqual([
      "heroku[worker.1]: There is no room for worker.1 on this machine: it asks for 300 MB (Standard-1X), and 200 MB of 600 MB are left. " +
        "Scale other dynos down, choose a smaller size, or have the operator raise CONIFER_MEMORY_FACTOR. It starts when there is room.",
    ]);
    await apply(worker);
    await watched.until(worker.id, "up");
    expect(world.log("worker.1")).toContain("heroku[worker.1]: State changed from down to starting");
  });

  test("takes the place of one that is kept warm", async () => {
    const { watched, apply } = await begin({ memoryCapacity: 600 * MIB });
    const [warm, web] = [sized("web.1", 400), sized("web.1", 400, { releaseId: randomUUID() })];
    await apply(warm);
    await watched.until(warm.id, "up");
    await apply({ ...warm, duty: "warm" });
    await apply({ ...warm, duty: "warm" }, web);
    await watched.until(web.id, "up");
    await watched.until(warm.id, "complete");
  });

  test("stands beside the one it replaces, of whatever else there is no room", async () => {
    const { watched, apply } = await begin({ memoryCapacity: 600 * MIB });
    const old = sized("web.1", 400);
    const successor = sized("web.1", 500, { duty: "stand-by", releaseId: randomUUID() });
    const tooLarge = sized("web.1", 700, { duty: "stand-by", releaseId: randomUUID() });
    await apply(old);
    await watched.until(old.id, "up");
    await apply(old, tooLarge);
    await watched.until(tooLarge.id, "crashed");
    expect(watched.seen.get(old.id)?.state.kind).toBe("up");
    await apply(old, successor);
    await watched.until(successor.id, "up");
  });

  test("is refused when somebody waits for it", async () => {
    const { host, apply } = await begin({ memoryCapacity: 600 * MIB });
    await apply(sized("web.1", 400));
    const run = sized("run.1", 300, { type: "run" });
    await expect(host.dynos.run(run, { attach: false })).rejects.toThrow(
      /no room for run\.1 on this machine: it asks for 300 MB, and 200 MB of 600 MB are left/,
    );
  });
});

/** More and more: what is there at the first look does not count. */
const ever = (line: string) => `i=0; while :; do i=$((i+1)); ${line}; sleep 0.1; done`;

describe("a dyno that writes", () => {
  /** A disk that loses some at each look, so that a look that took long is no reason to wait for the next. */
  const disk = () => {
    let looks = 0;
    const room = async () => {
      looks += 1;
      return { bytes: (1_000 - looks * 2) * MIB, entries: 10_000 };
    };
    return { bytes: 8 * MIB, entries: 200, sampleMs: 50, room };
  };
  const writer = (line: string) =>
    suiteSpec({ program: () => shell(`cd /tmp; ${line}; exec sleep 1000`) }, "serves", {
      ...{ name: "worker.1", type: "worker", duty: "work" },
    });

  test.each([
    ["too much", ever("dd if=/dev/zero of=big$i bs=1M count=4")],
    ["too many files", ever("for n in $(seq 100); do : >file$i.$n; done")],
  ])("%s is ended, told why, and begins anew", async (_what, line) => {
    const { watched, apply } = await begin({ disk: disk() });
    const worker = writer(`[ ! -e /tmp/begun ] || echo kept; : >begun; ${line}`);
    await apply(worker);
    const { state } = await watched.until(worker.id, "crashed");
    expect(state).toMatchObject({ reason: "disk", exitCode: 137 });
    const lines = world.log("worker.1").filter((said) => said.startsWith("heroku"));
    const at = lines.findIndex((said) =>
      said.includes("written more than the 8 MB, or 200 files, that it may"),
    );
    expect(lines.slice(at + 1, at + 4)).toEqual([
      "heroku[worker.1]: Stopping process with SIGKILL",
      "heroku[worker.1]: Process exited with status 137",
      "heroku[worker.1]: State changed from up to crashed",
    ]);
    await watched.until(worker.id, "up");
    expect(world.log("worker.1")).not.toContain("app[worker.1]: kept");
  });

  test("to a file that it has removed is ended when the disk loses so much", async () => {
    const { watched, apply } = await begin({ disk: disk() });
    const worker = writer(`exec 3>big; rm big; ${ever("dd if=/dev/zero bs=1M count=4 >&3")}`);
    await apply(worker);
    const { state } = await watched.until(worker.id, "crashed");
    expect(state).toMatchObject({ reason: "disk", exitCode: 137 });
  });

  test("and removes again what it wrote goes on", async () => {
    const { watched, apply } = await begin({ disk: disk() });
    const worker = writer(
      "for i in 1 2 3 4 5; do dd if=/dev/zero of=big bs=1M count=6; rm big; sleep 0.2; done; echo through",
    );
    await apply(worker);
    await eventually("it is through", () => world.log("worker.1").includes("app[worker.1]: through"));
    expect(watched.statesOf(worker.id)).toEqual(["starting", "up"]);
  });
});
