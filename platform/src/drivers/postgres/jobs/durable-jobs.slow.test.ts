import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { silentLogger } from "../../../kernel/index.ts";
import { startTestServer, type TestServer } from "../store/database-fixtures.ts";
import type { Database } from "../store/index.ts";
import { type JobKind, type Jobs, startJobs } from "./durable-jobs.ts";
import { QUICK } from "./job-fixtures.ts";

const SOON = { timeout: 15_000, interval: 50 };
let server: TestServer;
let url: string;
let database: Database;
const running: Jobs[] = [];

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());
beforeEach(async () => {
  url = await server.newDatabase();
  database = server.open(url);
});
afterEach(async () => {
  for (const jobs of running.splice(0)) await jobs.stop();
});

async function start(...kinds: JobKind[]): Promise<Jobs> {
  const jobs = await startJobs({ database, kinds, logger: silentLogger, ...QUICK });
  running.push(jobs);
  return jobs;
}

/** A kind that notes the texts it was given. */
function noting(name: string, before: (text: unknown) => void | Promise<void> = () => {}) {
  const seen: unknown[] = [];
  const run = async ({ text }: Readonly<Record<string, unknown>>) => {
    await before(text);
    seen.push(text);
  };
  return { name, seen, run };
}

test("several processes may start at once on a new database", async () => {
  await Promise.all([start(), start(), start(), start()]);
});

describe("a job", () => {
  test("is done by the worker of its kind, with its data", async () => {
    const [one, other] = [noting("one"), noting("other")];
    const jobs = await start(one, other);
    await jobs.send("one", { text: "a" }, "a");
    await jobs.send("other", { text: "b" }, "b");
    await vi.waitFor(() => expect([one.seen, other.seen]).toEqual([["a"], ["b"]]), SOON);
  });

  test("waits for somebody who works on it, over restarts", async () => {
    const { send, stop } = await start(noting("one", () => Promise.reject(new Error("cannot"))));
    await send("one", { text: "kept" }, "k");
    await stop();
    const one = noting("one");
    await start(one);
    await vi.waitFor(() => expect(one.seen).toEqual(["kept"]), SOON);
  });

  test("that fails is tried again until it succeeds", async () => {
    let failures = 2;
    const kind = noting("flaky", () => {
      if (failures-- > 0) throw new Error("not yet");
    });
    const jobs = await start(kind);
    await jobs.send("flaky", { text: "a" }, "a");
    await vi.waitFor(() => expect(kind.seen).toEqual(["a"]), SOON);
    expect(failures).toBe(-1);
  });

  test("waits only once under its key", async () => {
    const gate = Promise.withResolvers<void>();
    const kind = noting("keyed", () => gate.promise);
    const jobs = await start(kind);
    await jobs.send("keyed", { text: "first" }, "app-1");
    await vi.waitFor(async () => {
      const { rows } = await database.query(
        "select 1 from jobs.job where name = 'keyed' and state = 'active'",
      );
      expect(rows).toHaveLength(1);
    }, SOON);
    for (let i = 0; i < 3; i++) await jobs.send("keyed", { text: "again" }, "app-1");
    await jobs.send("keyed", { text: "other" }, "app-2");
    gate.resolve();
    await vi.waitFor(() => expect([...kind.seen].sort()).toEqual(["again", "first", "other"]), SOON);
  });

  test("is done again when the process that worked on it was killed", async () => {
    const jobs = await start(noting("unused"));
    const program = fileURLToPath(new URL("./job-fixtures.ts", import.meta.url));
    const child = spawn(process.execPath, [program, url], { stdio: ["ignore", "pipe", "inherit"] });
    const said = once(child.stdout, "data");
    await vi.waitFor(() => jobs.send("hang", { text: "the work" }, "k"), SOON);
    expect(String(await said)).toContain("working on the work");
    child.kill("SIGKILL");
    await once(child, "exit");
    const hang = noting("hang");
    await start(hang);
    await vi.waitFor(() => expect(hang.seen).toEqual(["the work"]), { timeout: 40_000, interval: 200 });
  });

  test("survives that the store was away", async () => {
    const kind = noting("one");
    const jobs = await start(kind);
    await server.down();
    await expect(jobs.send("one", { text: "lost" }, "k")).rejects.toThrow();
    await server.up();
    await jobs.send("one", { text: "kept" }, "k");
    await vi.waitFor(() => expect(kind.seen).toEqual(["kept"]), { ...SOON, timeout: 20_000 });
  });
});

test("several processes share the work, and each job is done once", async () => {
  const [one, two] = [noting("shared"), noting("shared")];
  const jobs = await start(one);
  await start(two);
  for (let i = 0; i < 12; i++) await jobs.send("shared", { text: i }, `k-${i}`);
  const all = () => [...one.seen, ...two.seen].map(Number).sort((a, b) => a - b);
  await vi.waitFor(() => expect(all()).toEqual(Array.from({ length: 12 }, (_, i) => i)), {
    ...SOON,
    timeout: 30_000,
  });
});

test("a kind with a schedule has it recorded, and starting again changes nothing", async () => {
  const sweep = { ...noting("sweep"), schedule: "17 * * * *" };
  await start(sweep);
  await start(sweep);
  const { rows } = await database.query("select name, cron from jobs.schedule");
  expect(rows).toEqual([{ name: "sweep", cron: "17 * * * *" }]);
});

test("stopping waits for a job that is nearly done", async () => {
  const gate = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  const kind = noting("slow", async () => {
    reached.resolve();
    await gate.promise;
  });
  const jobs = await start(kind);
  await jobs.send("slow", { text: "a" }, "a");
  await reached.promise;
  const stopping = jobs.stop();
  gate.resolve();
  await stopping;
  expect(kind.seen).toEqual(["a"]);
});
