import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startTestDelivery, type TestDelivery } from "../../delivery/release/delivery-fixtures.ts";
import { changeAppConfig } from "../../delivery/release/index.ts";
import { releaseAnImage } from "../../delivery/release/release-fixtures.ts";
import { invalidParams, newId } from "../../kernel/index.ts";
import type { RunOptions } from "../dyno/index.ts";
import { limitsOf } from "../formation/dyno-size.ts";
import { requireDynoSize } from "../formation/formation.ts";
import { ScriptedEngine } from "../formation/scripted-engine-fixtures.ts";
import {
  deleteEndedOneOffs,
  endOneOff,
  findOneOff,
  listAppsWithOneOffs,
  listOneOffs,
} from "./one-off-store.ts";
import { runOneOff, type WantedOneOff } from "./run-one-off.ts";

let world: TestDelivery;
let appId: string;
let engine: ScriptedEngine;
let options: RunOptions[];

beforeAll(async () => {
  world = await startTestDelivery();
});
afterAll(() => world.stop());
beforeEach(async () => {
  appId = (await world.newApp()).id;
  engine = new ScriptedEngine();
  options = [];
  const run = engine.run.bind(engine);
  engine.run = async (spec, given) => {
    options.push(given);
    await run(spec, given);
  };
  await releaseAnImage(world, appId, { web: "serve" });
});

const deps = (random = Math.random) => ({
  ...world,
  random,
  host: engine,
  hostOf: (name: string) => `${name}.localhost`,
  sizeOf: (identity: string | undefined) => {
    const size = requireDynoSize(identity ?? "Standard-1X");
    return { name: size.name, limits: limitsOf(size) };
  },
});

const run = (wanted: Partial<WantedOneOff> = {}, random?: () => number) =>
  runOneOff({ appId, command: "bash", attach: false, noTerminal: false, ...wanted }, deps(random));

describe("a one-off dyno", () => {
  test("runs its command on the current release, with its config, and is on record", async () => {
    await changeAppConfig({ appId, actor: world.actor, change: { A: "1", B: "config" } }, world);
    const dyno = await run({ command: "launcher rake db:migrate", env: { B: "mine", N: 2 } });
    const [spec] = engine.specs(appId);
    expect(dyno).toMatchObject({
      name: expect.stringMatching(/^run\.\d{4}$/),
      type: "run",
      command: "launcher rake db:migrate",
      size: "Standard-1X",
      releaseVersion: 3,
      attached: false,
    });
    expect(spec).toMatchObject({
      id: dyno.id,
      name: dyno.name,
      command: { kind: "shell", line: "launcher rake db:migrate" },
      displayCommand: "launcher rake db:migrate",
      duty: "work",
      releaseVersion: 3,
      limits: { memoryBytes: 512 * 2 ** 20 },
    });
    expect(spec?.env).toMatchObject({ A: "1", B: "mine", N: "2", HEROKU_DYNO_ID: dyno.id });
    expect(await listOneOffs(world.db, appId)).toEqual([dyno]);
    expect(await listAppsWithOneOffs(world.db)).toContain(appId);
  });

  test.each<[string, Partial<WantedOneOff>, RunOptions]>([
    ["detached", {}, { attach: false }],
    ["attached without a terminal", { attach: true }, { attach: true }],
    [
      "attached with one",
      { attach: true, env: { TERM: "xterm", COLUMNS: "120", LINES: "40" } },
      { attach: true, terminal: { columns: 120, rows: 40 } },
    ],
    [
      "attached with one it does not want to use",
      { attach: true, noTerminal: true, env: { COLUMNS: "120", LINES: "40" } },
      { attach: true },
    ],
    ["detached from a terminal", { env: { COLUMNS: "120", LINES: "40" } }, { attach: false }],
    ["for an hour", { lifetimeSeconds: 3_600 }, { attach: false, lifetimeSeconds: 3_600 }],
  ])("%s is asked for as that", async (_name, wanted, expected) => {
    await run(wanted);
    expect(options).toEqual([expected]);
  });

  test("has the type and the size it is given", async () => {
    const dyno = await run({ type: "worker", size: "STANDARD-2X" });
    expect([dyno.name.split(".")[0], dyno.type, dyno.size]).toEqual(["worker", "worker", "Standard-2X"]);
    expect(engine.specs(appId)[0]?.limits.memoryBytes).toBe(2 ** 30);
  });

  test.each<[string, Partial<WantedOneOff>, string]>([
    ["no command", { command: " " }, "invalid_params"],
    ["no lifetime", { lifetimeSeconds: 0 }, "invalid_params"],
    ["too long a lifetime", { lifetimeSeconds: 86_401 }, "invalid_params"],
    ["a size there is not", { size: "huge" }, "invalid_params"],
    ["a variable without a name", { env: { "": "1" } }, "invalid_params"],
    ["an app there is not", { appId: newId() }, "not_found"],
  ])("with %s is refused, and nothing is left of it", async (_name, wanted, id) => {
    await expect(run(wanted)).rejects.toMatchObject({ id });
    expect(engine.specs(appId)).toEqual([]);
    expect(await listOneOffs(world.db, appId)).toEqual([]);
  });

  test("of an app without code is a conflict, which clients try again", async () => {
    const empty = await world.newApp();
    await expect(run({ appId: empty.id })).rejects.toMatchObject({
      id: "conflict",
      message: expect.stringContaining(`${empty.name} has no code yet`),
    });
  });

  test("that the engine refuses ends on record, with its reason", async () => {
    engine.run = () => Promise.reject(invalidParams("Its image is of another machine."));
    await expect(run()).rejects.toMatchObject({ id: "invalid_params" });
    expect(await listOneOffs(world.db, appId)).toEqual([]);
  });

  test("cannot be started while the engine is away", async () => {
    engine.away = true;
    await expect(run()).rejects.toMatchObject({
      id: "unavailable",
      message: "Dynos cannot be started right now. Try again in a moment.",
    });
    expect(await listOneOffs(world.db, appId)).toEqual([]);
  });
});

describe("many one-off dynos at once", () => {
  test("have names of their own, even when chance gives the same number", async () => {
    let calls = 0;
    const random = () => (calls++ % 40 < 20 ? 0 : (calls % 40) / 40);
    const dynos = await Promise.all(Array.from({ length: 20 }, () => run({}, random)));
    expect(new Set(dynos.map(({ name }) => name)).size).toBe(20);
  });

  test("are limited, and one that ends makes room", async () => {
    const start = (count: number) => Promise.allSettled(Array.from({ length: count }, () => run()));
    // All wait for the app's lock, each with a connection: more at a time would try how long one waits for those.
    for (let round = 0; round < 25; round += 1)
      expect(new Set((await start(10)).map(({ status }) => status))).toEqual(new Set(["fulfilled"]));
    const refused = (await start(8)).filter(({ status }) => status === "rejected");
    expect(refused).toHaveLength(3);
    expect(refused[0]).toMatchObject({ reason: { id: "conflict" } });
    const [first] = await listOneOffs(world.db, appId);
    await endOneOff(world.db, first?.id ?? "", new Date());
    expect(await run()).toMatchObject({ type: "run" });
  });
});

test("records of dynos that ended are found by id for a while, then removed", async () => {
  const dyno = await run();
  const ended = new Date("2026-01-01T00:00:00Z");
  await endOneOff(world.db, dyno.id, ended);
  await endOneOff(world.db, dyno.id, new Date());
  expect(await findOneOff(world.db, dyno.id)).toMatchObject({ name: dyno.name });
  await deleteEndedOneOffs(world.db, ended);
  expect(await findOneOff(world.db, dyno.id)).toBeDefined();
  await deleteEndedOneOffs(world.db, new Date("2026-01-02T00:00:00Z"));
  expect(await findOneOff(world.db, dyno.id)).toBeUndefined();
});
