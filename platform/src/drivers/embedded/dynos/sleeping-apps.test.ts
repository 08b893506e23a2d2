import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { silentLogger } from "../../../kernel/index.ts";
import type { DynoMachine, DynoPhase } from "./dyno-machine.ts";
import { machineOf } from "./machine-fixtures.ts";
import { keepSleep, type SleepKeeper, sleepersOf } from "./sleeping-apps.ts";

const IDLE_MS = 60_000;
const UP: DynoPhase = { kind: "up", at: 0 };
const CRASHED: DynoPhase = { kind: "crashed", reason: "exit", restartAt: 9 };

type Change = Parameters<typeof machineOf>[1];
const web = (change: Change = {}, phase: DynoPhase = UP) =>
  machineOf(phase, { id: "web", sleeps: true, ...change });
const worker = (change: Change = {}, phase: DynoPhase = UP) =>
  machineOf(phase, { id: "worker", name: "worker.1", type: "worker", duty: "work", sleeps: true, ...change });

describe("dynos that can be put to sleep", () => {
  test.each<[string, readonly DynoMachine[], readonly string[] | undefined]>([
    ["all of an app that are up", [web(), worker()], ["web", "worker"]],
    ["none of another size", [web(), worker({ sleeps: undefined as never })], ["web"]],
    ["none that has crashed", [web({}, CRASHED), worker()], ["worker"]],
    ["none that starts", [web({}, { kind: "starting" }), worker()], ["worker"]],
    ["none of an app without a web dyno that sleeps", [worker()], undefined],
    ["none while a successor stands by", [web(), web({ id: "new", duty: "stand-by" })], []],
    ["none that is kept warm", [web(), web({ id: "old", duty: "warm" })], ["web"]],
    ["none that is run once", [web(), { ...worker(), oneOff: true }], ["web"]],
  ])("%s", (_what, machines, ids) => {
    expect(sleepersOf(machines).get("a1")).toEqual(ids);
  });

  test("are those of each app by itself", () => {
    const other = web({ id: "other", appId: "a2" });
    expect([...sleepersOf([web(), other])]).toEqual([
      ["a1", ["web"]],
      ["a2", ["other"]],
    ]);
  });
});

describe("an app's time", () => {
  let folder: string;
  let file: string;
  let machines: DynoMachine[];
  let sent: string[];
  let keeper: SleepKeeper;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "Date"], now: 0 });
    folder = mkdtempSync(join(tmpdir(), "conifer-sleep-"));
    file = join(folder, "asleep.json");
    machines = [web(), worker()];
    sent = [];
    keeper = open();
  });
  afterEach(async () => {
    await keeper.stop();
    vi.useRealTimers();
    rmSync(folder, { recursive: true });
  });

  function open(): SleepKeeper {
    const roster = {
      ids: () => machines.map(({ spec }) => spec.id),
      find: (id: string) => {
        const machine = machines.find(({ spec }) => spec.id === id);
        return machine && { machine, terminal: false };
      },
      ofApp: (appId: string) => machines.filter(({ spec }) => spec.appId === appId),
      send: (id: string, { kind }: { readonly kind: string }) => {
        sent.push(`${kind} ${id}`);
        const phase: DynoPhase = kind === "sleep" ? { kind: "asleep" } : UP;
        machines = machines.map((one) => (one.spec.id === id ? { ...one, phase } : one));
      },
    };
    return keepSleep(roster, { idleMs: IDLE_MS, file, now: () => new Date(), logger: silentLogger });
  }

  const pass = (ms: number) => vi.advanceTimersByTime(ms);

  test("is over once nobody has used it for so long, and it is put to sleep once", () => {
    pass(IDLE_MS);
    expect(sent).toEqual([]);
    pass(IDLE_MS);
    expect(sent).toEqual(["sleep web", "sleep worker"]);
    expect(keeper.slept("a1")).toBe(true);
  });

  test("begins anew with each use, a start and a wake", async () => {
    const uses = [
      () => keeper.used(["a1", "nobody"]),
      async () => keeper.started("a1"),
      () => keeper.wake("a1"),
    ];
    for (const use of [...uses, ...uses]) {
      pass(IDLE_MS - 10_000);
      await use();
    }
    expect(sent.filter((what) => what.startsWith("sleep"))).toEqual([]);
  });

  test("is not held up by a clock that is set back", () => {
    pass(IDLE_MS / 2);
    vi.setSystemTime(-1_000 * IDLE_MS);
    pass(2 * IDLE_MS);
    expect(sent).toEqual(["sleep web", "sleep worker"]);
  });

  test("ends for what is up later, too, and a use wakes all of it", async () => {
    machines = [web({}, CRASHED), worker()];
    pass(2 * IDLE_MS);
    expect(sent).toEqual(["sleep worker"]);
    machines = machines.map((one) => (one.spec.id === "web" ? { ...one, phase: UP } : one));
    await keeper.used(["a1"]);
    expect(sent.slice(1)).toEqual(["wake web", "wake worker"]);
    expect(keeper.slept("a1")).toBe(false);
  });

  test("that is over is on disk until it wakes or is gone", async () => {
    pass(2 * IDLE_MS);
    await keeper.stop();
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(["a1"]);
    keeper = open();
    expect(keeper.slept("a1")).toBe(true);
    machines = [];
    pass(IDLE_MS);
    await keeper.stop();
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual([]);
  });

  test.each(["", "{", '{"a": 1}', "null"])("is not known from a file that holds %j", (text) => {
    writeFileSync(file, text);
    expect(open().slept("a1")).toBe(false);
  });
});
