import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deleteApp } from "../../apps/app/app-store.ts";
import {
  type DoomedProcess,
  killAtEveryStep,
  makeDoomedProcess,
  untilKilled,
} from "../../drivers/postgres/store/crash-fixtures.ts";
import { findConfig } from "../config/index.ts";
import { changeAppConfig, retryRelease, rollBack } from "./create-release.ts";
import { makeFakeOutputStore, startTestDelivery, type TestDelivery } from "./delivery-fixtures.ts";
import type { Release } from "./release.ts";
import { releaseAnImage } from "./release-fixtures.ts";
import type { ReleaseCommand } from "./release-ports.ts";
import { reconcileReleases } from "./release-reconciler.ts";
import { listAppsWithPending } from "./release-store.ts";

let world: TestDelivery;

beforeAll(async () => {
  world = await startTestDelivery();
});
afterAll(() => world.stop());

/** Commands that end at once, by release, and how often each was begun: joining a run does not begin it again. */
function makeCommands(exitCodes: Readonly<Record<number, number>> = {}) {
  const begun: number[] = [];
  const ended = new Map<string, number>();
  const command: ReleaseCommand = {
    run: async (release, { output }) => {
      if (!ended.has(release.id)) {
        begun.push(release.version);
        ended.set(release.id, exitCodes[release.version] ?? 0);
      }
      await output(`migrating for v${release.version}\n`);
      return ended.get(release.id) ?? 1;
    },
  };
  return { begun, command, outputs: makeFakeOutputStore() };
}

type Commands = ReturnType<typeof makeCommands>;

/** One round, by a process of its own. */
async function round(appId: string, commands: Commands, process: DoomedProcess = makeDoomedProcess()) {
  const deps = {
    ...world,
    db: process.database(world.db),
    command: process.port(commands.command),
    outputs: process.port(commands.outputs),
  };
  return await reconcileReleases(appId, deps, new AbortController().signal);
}

const set = (appId: string, change: Record<string, string | null>) =>
  changeAppConfig({ appId, actor: world.actor, change }, world);

const CODE = { web: "serve" };
const MIGRATING = { web: "serve", release: "migrate" };

interface Step {
  readonly make: (appId: string) => Promise<unknown>;
}
const push = (processes: Record<string, string>, digit: string): Step => ({
  make: (appId) => releaseAnImage(world, appId, processes, digit),
});
const config = (name: string): Step => ({ make: (appId) => set(appId, { [name]: "1" }) });
const back = (to: string): Step => ({ make: (appId) => rollBack({ appId, actor: world.actor, to }, world) });
const again: Step = { make: (appId) => retryRelease({ appId, actor: world.actor }, world) };

/** All steps are taken before the reconciler gets its turn: everything behind the first command waits in line. */
const table: {
  name: string;
  steps: readonly Step[];
  exitCodes?: Readonly<Record<number, number>>;
  history: readonly string[];
  ran: readonly number[];
  /** Which image the current release has. */
  image: string;
}[] = [
  {
    name: "a command that succeeds makes its release current",
    steps: [push(CODE, "a"), push(MIGRATING, "b")],
    history: ["v2 succeeded: Deploy 00000000", "v3 succeeded current: Deploy 00000000"],
    ran: [3],
    image: "b",
  },
  {
    name: "a command that fails leaves the release before it current",
    steps: [push(CODE, "a"), push(MIGRATING, "b")],
    exitCodes: { 3: 1 },
    history: ["v2 succeeded current: Deploy 00000000", "v3 failed: Deploy 00000000"],
    ran: [3],
    image: "a",
  },
  {
    name: "config set behind a command runs the command of the image it gets",
    steps: [push(MIGRATING, "b"), config("A")],
    history: ["v2 succeeded: Deploy 00000000", "v3 succeeded current: Set A config vars"],
    ran: [2, 3],
    image: "b",
  },
  {
    name: "config set behind a failed command builds on the last release that succeeded",
    steps: [push(CODE, "a"), push(MIGRATING, "b"), config("A"), config("B")],
    exitCodes: { 3: 2 },
    history: [
      "v2 succeeded: Deploy 00000000",
      "v3 failed: Deploy 00000000",
      "v4 succeeded: Set A config vars",
      "v5 succeeded current: Set B config vars",
    ],
    ran: [3],
    image: "a",
  },
  {
    name: "config set behind a failed first push has no code to run",
    steps: [push(MIGRATING, "b"), config("A")],
    exitCodes: { 2: 1 },
    history: ["v2 failed: Deploy 00000000", "v3 succeeded current: Set A config vars"],
    ran: [2],
    image: "",
  },
  {
    name: "two pushes run their commands one after the other",
    steps: [push(MIGRATING, "a"), push(MIGRATING, "b")],
    history: ["v2 succeeded: Deploy 00000000", "v3 succeeded current: Deploy 00000000"],
    ran: [2, 3],
    image: "b",
  },
  {
    name: "a rollback waits in line, and runs the command of the image it goes back to",
    steps: [push(CODE, "a"), push(MIGRATING, "b"), back("v2")],
    history: [
      "v2 succeeded: Deploy 00000000",
      "v3 succeeded: Deploy 00000000",
      "v4 succeeded current: Rollback to v2",
    ],
    ran: [3],
    image: "a",
  },
  {
    name: "a retry in line runs the command of what failed before it",
    steps: [push(CODE, "a"), push(MIGRATING, "b"), again],
    exitCodes: { 3: 1 },
    history: [
      "v2 succeeded: Deploy 00000000",
      "v3 failed: Deploy 00000000",
      "v4 succeeded current: Retry of v3: Deploy 00000000",
    ],
    ran: [3, 4],
    image: "b",
  },
];

describe.each(table)("$name", ({ steps, exitCodes, history, ran, image }) => {
  async function begin() {
    const app = await world.newApp();
    for (const { make } of steps) await make(app.id);
    return { app, commands: makeCommands(exitCodes) };
  }

  async function check(appId: string, commands: Commands) {
    expect((await world.history(appId)).slice(1)).toEqual(history);
    expect(commands.begun).toEqual(ran);
    expect((await world.current(appId))?.imageDigest ?? "").toBe(image && `sha256:${image.repeat(64)}`);
    const releases = await world.releases(appId);
    for (const { id, version } of releases.filter((release) => ran.includes(release.version))) {
      expect(commands.outputs.textOf(id)).toBe(`migrating for v${version}\n`);
      expect(commands.outputs.ended.has(id)).toBe(true);
    }
    expect(await settledOnce(appId, releases)).toEqual([]);
    expect(await listAppsWithPending(world.db)).not.toContain(appId);
  }

  test("in one round, and a second changes nothing", async () => {
    const { app, commands } = await begin();
    expect(await round(app.id, commands)).toEqual({ kind: "done" });
    await check(app.id, commands);
    await round(app.id, commands);
    await check(app.id, commands);
  });

  test("also when the process is killed at any step and another goes on", async () => {
    const killed = await killAtEveryStep(async (process) => {
      const { app, commands } = await begin();
      await untilKilled(round(app.id, commands, process));
      const revive = async () => {
        await round(app.id, commands);
        await check(app.id, commands);
      };
      return { revive };
    });
    expect(killed).toBeGreaterThan(ran.length * 8);
  });
});

/** The releases that were not announced as settled exactly once, in order. */
async function settledOnce(appId: string, releases: readonly Release[]) {
  const events = await world.eventsOf(appId);
  const settled = events.filter(({ kind }) => kind === "release.succeeded" || kind === "release.failed");
  const told = settled.map(({ kind, data }) => `v${data.version} ${kind.slice("release.".length)}`);
  const wanted = releases.map(({ version, status }) => `v${version} ${status}`);
  return wanted.filter((text, at) => told[at] !== text || told.lastIndexOf(text) !== at);
}

test("config that was set before a failed command is kept", async () => {
  const app = await world.newApp();
  await releaseAnImage(world, app.id, MIGRATING);
  await set(app.id, { A: "1" });
  await round(app.id, makeCommands({ 2: 1 }));
  await set(app.id, { B: "2" });
  const current = await world.current(app.id);
  expect(current).toMatchObject({ version: 4 });
  expect(await findConfig(world.db, current?.configId ?? "", world.masterKey)).toEqual({ A: "1", B: "2" });
});

test("a release made while a command runs waits for it", async () => {
  const app = await world.newApp();
  await releaseAnImage(world, app.id, MIGRATING);
  const commands = makeCommands();
  const command: ReleaseCommand = {
    run: async (...given) => {
      if (commands.begun.length === 0) await set(app.id, { A: "1" });
      expect(await world.current(app.id)).toMatchObject({ version: commands.begun.length === 0 ? 1 : 2 });
      return await commands.command.run(...given);
    },
  };
  await round(app.id, { ...commands, command });
  expect(commands.begun).toEqual([2, 3]);
  expect(await world.current(app.id)).toMatchObject({ version: 3, description: "Set A config vars" });
});

test("an engine that is away is waited for: nothing is settled", async () => {
  const app = await world.newApp();
  await releaseAnImage(world, app.id, MIGRATING);
  const commands = makeCommands();
  const command: ReleaseCommand = { run: () => Promise.reject(new Error("the dyno host is away")) };
  await expect(round(app.id, { ...commands, command })).rejects.toThrow("the dyno host is away");
  expect(await world.history(app.id)).toEqual([
    "v1 succeeded current: Initial release",
    "v2 pending: Deploy 00000000",
  ]);
  await round(app.id, commands);
  expect(await world.current(app.id)).toMatchObject({ version: 2 });
});

test("a stop leaves the command at work and the release pending", async () => {
  const app = await world.newApp();
  await releaseAnImage(world, app.id, MIGRATING);
  const stopping = new AbortController();
  const { outputs } = makeCommands();
  const command: ReleaseCommand = {
    run: async () => {
      stopping.abort();
      return 1;
    },
  };
  const outcome = await reconcileReleases(app.id, { ...world, outputs, command }, stopping.signal);
  expect(outcome).toMatchObject({ kind: "waiting", reason: "stopping" });
  expect((await world.releases(app.id)).at(-1)).toMatchObject({ status: "pending" });
  expect(outputs.ended.size).toBe(0);
});

test("a process that was overtaken while it waited changes nothing any more", async () => {
  const app = await world.newApp();
  await releaseAnImage(world, app.id, MIGRATING, "a");
  const slow = makeCommands();
  const command: ReleaseCommand = {
    run: async () => {
      // Its lease runs out here: another process takes over, and the app goes on.
      await round(app.id, makeCommands());
      await releaseAnImage(world, app.id, CODE, "b");
      return 1;
    },
  };
  await round(app.id, { ...slow, command });
  expect(await world.history(app.id)).toEqual([
    "v1 succeeded: Initial release",
    "v2 succeeded: Deploy 00000000",
    "v3 succeeded current: Deploy 00000000",
  ]);
});

test("an app that is deleted while its command runs leaves nothing to do", async () => {
  const app = await world.newApp();
  await releaseAnImage(world, app.id, MIGRATING);
  const commands = makeCommands();
  const command: ReleaseCommand = {
    run: async () => {
      await deleteApp(world.db, app.id);
      return 0;
    },
  };
  expect(await round(app.id, { ...commands, command })).toEqual({ kind: "done" });
  expect(await world.releases(app.id)).toEqual([]);
  expect(await round(app.id, commands)).toEqual({ kind: "done" });
});
