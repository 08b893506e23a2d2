import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { deleteApp } from "../../apps/app/app-store.ts";
import { startTestDelivery, type TestDelivery } from "../../delivery/release/delivery-fixtures.ts";
import type { Release } from "../../delivery/release/index.ts";
import { releaseAnImage } from "../../delivery/release/release-fixtures.ts";
import { type LogLine, silentLogger } from "../../kernel/index.ts";
import { type FakeLogStore, makeFakeLogStore } from "../../observe/log/log-store-fake.ts";
import { limitsOf } from "../formation/dyno-size.ts";
import { requireDynoSize } from "../formation/formation.ts";
import { ScriptedEngine } from "../formation/scripted-engine-fixtures.ts";
import { findOneOff } from "./one-off-store.ts";
import { makeReleaseCommand } from "./release-command-runner.ts";

let world: TestDelivery;
let release: Release;
let engine: ScriptedEngine;
let logs: FakeLogStore;
let stopping: AbortController;

beforeAll(async () => {
  world = await startTestDelivery();
});
afterAll(() => world.stop());
beforeEach(async () => {
  const { id } = await world.newApp();
  release = await releaseAnImage(world, id, { web: "serve", release: "migrate" });
  engine = new ScriptedEngine();
  logs = makeFakeLogStore({ now: () => new Date() });
  stopping = new AbortController();
});

/** Runs the command in a process of its own. */
function run(sizeOfWeb?: string) {
  const output: string[] = [];
  const command = makeReleaseCommand({
    ...world,
    random: Math.random,
    host: engine,
    watch: engine.view(),
    logs,
    logger: silentLogger,
    hostOf: (name) => `${name}.localhost`,
    sizeOf: (identity) => {
      const size = requireDynoSize(identity ?? "Standard-1X");
      return { name: size.name, limits: limitsOf(size) };
    },
    sizeOfWeb: async () => sizeOfWeb,
    lastLinesMs: 100,
    beginAgainMs: 5,
  });
  const exitCode = command.run(
    release,
    { output: async (text) => void output.push(text), claim: world.claim },
    stopping.signal,
  );
  exitCode.catch(() => {});
  return { exitCode, output, begun: () => vi.waitFor(() => expect(engine.started).toHaveLength(1)) };
}

const nameOf = () => engine.started.at(-1)?.name ?? "";

function say(message: string, parts: Partial<LogLine> = {}) {
  logs.write({
    appId: release.appId,
    time: new Date(),
    source: "app",
    process: nameOf(),
    message,
    ...parts,
  });
}

function end(exitCode: number) {
  say(`Process exited with status ${exitCode}`, { source: "heroku" });
  engine.end(release.id, exitCode);
}

describe("a release command", () => {
  test("runs as a dyno under the release's id, for an hour at most, and its status is the result", async () => {
    const { exitCode, begun } = run();
    await begun();
    expect(engine.started).toMatchObject([
      {
        id: release.id,
        name: expect.stringMatching(/^release\.\d{4}$/),
        type: "release",
        command: { kind: "process", type: "release" },
        displayCommand: "migrate",
        releaseVersion: 2,
        limits: { memoryBytes: 512 * 2 ** 20 },
      },
    ]);
    end(3);
    expect(await exitCode).toBe(3);
  });

  test("has the size of the web dynos", async () => {
    const { exitCode, begun } = run("Standard-2X");
    await begun();
    expect(engine.started[0]?.limits.memoryBytes).toBe(2 ** 30);
    end(0);
    expect(await exitCode).toBe(0);
  });

  test("has what it prints in the release's output, and nothing else of the log", async () => {
    const { exitCode, output, begun } = run();
    await begun();
    say("from another dyno", { process: "web.1" });
    say("State changed from starting to up", { source: "heroku" });
    say("of a dyno of that name long ago", { time: new Date(0) });
    say("creating tables");
    say("done");
    await vi.waitFor(() => expect(output).toEqual(["creating tables\n", "done\n"]));
    end(0);
    await exitCode;
    expect(output).toEqual(["creating tables\n", "done\n"]);
  });

  test("has its last lines too, which come after its end is seen", async () => {
    const { exitCode, output, begun } = run();
    await begun();
    engine.end(release.id, 0);
    say("late");
    say("Process exited with status 0", { source: "heroku" });
    await exitCode;
    expect(output).toEqual(["late\n"]);
  });

  test("ends even when its log never says so", async () => {
    const { exitCode, begun } = run();
    await begun();
    engine.end(release.id, 0);
    expect(await exitCode).toBe(0);
  });

  test("of an app that is gone has failed", async () => {
    await deleteApp(world.db, release.appId);
    expect(await run().exitCode).toBe(1);
    expect(engine.started).toEqual([]);
  });

  test("cannot begin while the engine is away", async () => {
    engine.away = true;
    await expect(run().exitCode).rejects.toMatchObject({ id: "unavailable" });
  });

  test("waits while there is no room for it, which its output tells once", async () => {
    engine.noRoom = "There is no room.";
    const { exitCode, output, begun } = run();
    await vi.waitFor(() => expect(engine.refusals).toBeGreaterThan(1));
    engine.noRoom = undefined;
    await begun();
    end(0);
    expect(await exitCode).toBe(0);
    expect(output).toEqual(["There is no room.\n"]);
  });
});

describe("after a restart of the control plane", () => {
  test("a command that still runs is joined, and its output is whole", async () => {
    const first = run();
    await first.begun();
    say("one");
    stopping.abort();
    await first.exitCode;
    stopping = new AbortController();
    const second = run();
    say("two");
    await vi.waitFor(() => expect(second.output).toEqual(["one\n", "two\n"]));
    end(0);
    expect(await second.exitCode).toBe(0);
    expect(engine.started).toHaveLength(1);
  });

  test("a command that ended meanwhile is not run again", async () => {
    const first = run();
    await first.begun();
    stopping.abort();
    await first.exitCode;
    say("one");
    end(4);
    stopping = new AbortController();
    const second = run();
    expect(await second.exitCode).toBe(4);
    expect([second.output, engine.started.length]).toEqual([["one\n"], 1]);
  });

  test("the engine is waited for before anything is begun", async () => {
    engine.unseen();
    const { exitCode } = run();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(engine.started).toEqual([]);
    stopping.abort();
    expect(await exitCode).toBe(1);
    expect(engine.started).toEqual([]);
  });
});

test("a command whose dyno was lost with its host is run again, under the same name", async () => {
  const { exitCode, output, begun } = run();
  await begun();
  const name = nameOf();
  say("first try");
  await vi.waitFor(() => expect(output).toEqual(["first try\n"]));
  engine.lose();
  await vi.waitFor(() => expect(engine.started).toHaveLength(2));
  expect(engine.started[1]).toMatchObject({ id: release.id, name });
  expect(await findOneOff(world.db, release.id)).toMatchObject({ name });
  say("second try");
  end(0);
  expect(await exitCode).toBe(0);
  expect(output).toEqual([
    "first try\n",
    "The dyno of the release command went away; running it again.\n",
    "second try\n",
  ]);
});

test("a log that cannot be read for a while does not fail the command", async () => {
  const { read } = logs;
  let tries = 0;
  logs.read = (...given) => {
    if (++tries < 3) throw new Error("the log is away");
    return read(...given);
  };
  const { exitCode, output, begun } = run();
  await begun();
  say("heard in the end");
  await vi.waitFor(() => expect(output).toEqual(["heard in the end\n"]), { timeout: 3_000 });
  end(0);
  expect(await exitCode).toBe(0);
});
