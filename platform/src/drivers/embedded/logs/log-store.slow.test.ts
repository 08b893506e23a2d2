import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger, systemClock } from "../../../kernel/index.ts";
import { DEFAULT_INTAKE, type ReadLine } from "../../../observe/log/index.ts";
import { openLogStore } from "./log-store.ts";

const APP = "11111111-1111-4111-8111-111111111111";
let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "conifer-logs-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const at = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);
/** Writes numbered lines as fast as it can and prints, now and then, up to which one they are synced. */
const WRITER = `
  const { openLogStore } = await import(${at("./log-store.ts")});
  const { silentLogger, systemClock } = await import(${at("../../../kernel/index.ts")});
  const [folder, appId, from] = process.argv.slice(1);
  const store = openLogStore({ folder, now: systemClock, logger: silentLogger, limits: { flushMs: 1, segmentBytes: 100_000 } });
  const line = (i) => ({ appId, time: new Date(), source: "heroku", process: "router", message: "line " + i });
  for (let i = Number(from); ; ) {
    for (const end = i + 37; i < end; i++) store.write(line(i));
    if (i % 5 === 0) { await store.synced(); console.log(i - 1); }
    else await new Promise((resolve) => setImmediate(resolve));
  }
`;

/** Runs the writer and kills it with SIGKILL some milliseconds after its first word; returns the last number it printed. */
async function writeAndKill(from: number, afterMs: number): Promise<number> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", WRITER, folder, APP, String(from)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let acknowledged = from - 1;
  const exited = new Promise((resolve) => child.once("close", resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    if (acknowledged < from) setTimeout(() => child.kill("SIGKILL"), afterMs);
    acknowledged = Number(line);
  }
  await exited;
  return acknowledged;
}

function openStore() {
  return openLogStore({
    folder,
    now: systemClock,
    logger: silentLogger,
    limits: { intake: { ...DEFAULT_INTAKE, rates: { linesPerSecond: 1e9, burst: 1e9 } } },
  });
}

describe("a writer that is killed", () => {
  it("leaves every line it had synced, in order and without gaps, each time", async () => {
    let next = 0;
    for (const afterMs of [1, 10, 30, 60, 100, 150]) {
      const acknowledged = await writeAndKill(next, afterMs);
      const store = openStore();
      const lines: ReadLine[] = [];
      const query = { appId: APP, filter: {}, lines: 1_500, tail: false };
      for await (const line of store.read(query, new AbortController().signal)) lines.push(line);
      await store.stop();
      const numbers = lines.map(({ message }) => Number(message.split(" ")[1]));
      const last = numbers.at(-1) ?? -1;
      expect(last).toBeGreaterThanOrEqual(acknowledged);
      expect(numbers).toEqual(numbers.map((_, i) => last - numbers.length + 1 + i));
      expect(lines.at(-1)?.position).toBe(last + 1);
      next = last + 1;
    }
    expect(next).toBeGreaterThan(1_000);
  });
});

describe("throughput", () => {
  it("takes 100,000 lines a second of one app without losing one", async () => {
    const store = openStore();
    const started = performance.now();
    const cpu = process.cpuUsage();
    const line = { appId: APP, source: "heroku", process: "router" } as const;
    const path = 'at=info method=GET path="/" host=app.localhost request_id=1 dyno=web.1 status=200 bytes=12';
    let written = 0;
    while (written < 300_000) {
      const due = Math.min(300_000, Math.floor((performance.now() - started) * 100));
      for (; written < due; written++)
        store.write({ ...line, time: new Date(), message: `${path} n=${written}` });
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await store.synced();
    const seconds = (performance.now() - started) / 1_000;
    const { user, system } = process.cpuUsage(cpu);
    const figure = Math.round(written / ((user + system) / 1e6));
    console.log(`${Math.round(written / seconds)} lines/s, ${figure} lines per CPU-second, sealing included`);
    const query = { appId: APP, filter: {}, lines: 1, tail: false };
    for await (const last of store.read(query, new AbortController().signal)) {
      expect(last.message).toBe(`${path} n=299999`);
      expect(last.position).toBe(300_000);
    }
    expect(seconds).toBeLessThan(6);
    await store.stop();
  });
});
