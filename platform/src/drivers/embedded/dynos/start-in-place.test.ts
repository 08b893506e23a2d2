import { beforeEach, describe, expect, test } from "vitest";
import { silentLogger } from "../../../kernel/index.ts";
import type { DynoSpec } from "../../../runtime/dyno/index.ts";
import { makeDynoRoster } from "./dyno-roster.ts";
import type { RunOptions } from "./dyno-run.ts";
import { type EmbeddedDynoHost, takeUpDynos } from "./embedded-dyno-host.ts";
import { machineOf } from "./machine-fixtures.ts";

/** What runs, by id, with what ends it. */
let running: Map<string, RunOptions>;
let host: EmbeddedDynoHost;

beforeEach(() => {
  running = new Map();
  const now = () => new Date(0);
  const roster = makeDynoRoster({
    ...{ now, logger: silentLogger, logs: { write: () => {} }, random: () => 0, directory: "/nowhere" },
    after: () => () => {},
    begin: (options) => {
      running.set(options.spec.id, options);
      return {
        ...{ signal: () => {}, kill: () => {}, thaw: () => {}, gone: Promise.resolve() },
        freeze: async () => undefined,
        enter: () => Promise.reject(new Error("nobody enters")),
      };
    },
  });
  const sleep = { slept: () => false, started: () => {}, used: async () => {}, wake: async () => {} };
  const journal = { entries: new Map(), write: async () => {}, close: async () => {} };
  host = takeUpDynos({ roster, now, journal, sleep: { ...sleep, stop: async () => {} } });
});

const worker = (id: string, change: Partial<DynoSpec> = {}) =>
  machineOf({ kind: "starting" }, { id, name: "worker.1", type: "worker", duty: "work", ...change }).spec;
const want = (...dynos: readonly DynoSpec[]) =>
  host.dynos.apply({ appId: "a1", dynos }, { subject: "dynos:a1", number: 1 });
const end = (id: string) => {
  const run = running.get(id);
  running.delete(id);
  run?.tell({ kind: "exited", code: 0 });
};
const ids = () => [...running.keys()];

describe("a dyno that runs alone", () => {
  test("starts at once when nobody has its name", async () => {
    await want(worker("d1"), worker("d2", { name: "worker.2" }));
    expect(ids()).toEqual(["d1", "d2"]);
  });

  test("is held until the one of its name has ended, although it is asked for in one piece", async () => {
    await want(worker("d1"));
    await want(worker("d2"));
    expect(ids()).toEqual(["d1"]);
    await want(worker("d2"));
    expect(ids()).toEqual(["d1"]);
    end("d1");
    expect(ids()).toEqual(["d2"]);
  });

  test("is not started when it is no longer wanted by then", async () => {
    await want(worker("d1"));
    await want(worker("d2"));
    await want();
    end("d1");
    expect(ids()).toEqual([]);
  });

  test("gives way to the one that is wanted last", async () => {
    await want(worker("d1"));
    await want(worker("d2"));
    await want(worker("d3"));
    end("d1");
    expect(ids()).toEqual(["d3"]);
  });

  test("waits for its own name only", async () => {
    await want(worker("d1"), worker("e1", { name: "worker.2" }));
    await want(worker("d2"), worker("e2", { name: "worker.2" }));
    end("e1");
    expect(ids()).toEqual(["d1", "e2"]);
    end("d1");
    expect(ids()).toEqual(["e2", "d2"]);
  });

  test("is not started by a host that stops", async () => {
    await want(worker("d1"));
    await want(worker("d2"));
    const stopped = host.stop();
    end("d1");
    await stopped;
    expect(ids()).toEqual([]);
  });
});

test("successors of web dynos start beside those that serve", async () => {
  const web = { name: "web.1", type: "web" } as const;
  await want(worker("d1", { ...web, duty: "serve" }));
  await want(worker("d1", { ...web, duty: "serve" }), worker("d2", { ...web, duty: "stand-by" }));
  expect(ids()).toEqual(["d1", "d2"]);
});
