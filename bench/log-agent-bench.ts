import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { viewTestLogs } from "../platform/src/compose/agent-fixtures.ts";
import { stampOf } from "../platform/src/drivers/kubernetes/logs/node-files-writer-fixtures.ts";
import { cpuSeconds } from "./platform/process-usage.ts";
import { machineFacts } from "./router/machine-facts.ts";
import { writeResult } from "./router/result-file.ts";

/**
 * Lines a second and a CPU-second of a node's agent: 20 dynos have written 2,500 lines a second each for ten seconds while
 * no agent ran, 50,000 lines a second on the node; it reads them, and the log role stores them. The floor is `sed`, which
 * takes what the runtime put before each line from the same files.
 */
const DYNOS = 20;
const LINES_EACH = 25_000;
const LINES_PER_SECOND = 2_500;
const ROUNDS = 3;
const LATENCY_LINES = 30;
const TEXT = "GET /orders/1234 200 in 12 ms, 3 queries, request 0d9c1f6e-5d0f-4f3e-9a51-5f4a3c0c7a11";
const WANTED_PER_SECOND = 50_000;

const FIXTURE = join(import.meta.dirname, "../platform/src/compose/agent-kill-fixtures.ts");
const uidOf = (i: number) => `00000000-0000-4000-8000-${String(i).padStart(12, "0")}`;
const appOf = (i: number) => `app-${i}`;

interface Measured {
  readonly seconds: number;
  readonly perSecond: number;
  readonly agentPerCpuSecond: number;
  readonly logRolePerCpuSecond: number;
  readonly agentMemoryMb: number;
}

async function main(): Promise<number> {
  const root = mkdtempSync(join(tmpdir(), "conifer-log-agent-bench-"));
  try {
    writeFiles(root);
    const floor = measureFloor(root);
    console.log(`sed: ${floor} lines per CPU-second`);
    const rounds: Measured[] = [];
    for (let i = 0; i < ROUNDS; i++) {
      const measured = await measureAgent(root, i);
      rounds.push(measured);
      console.log(
        `agent: ${measured.perSecond} lines/s, ${measured.agentPerCpuSecond} per CPU-second, ${measured.agentMemoryMb} MB; log role: ${measured.logRolePerCpuSecond} per CPU-second`,
      );
    }
    const latencyMs = await measureLatency(root);
    console.log(`a line is told after ${latencyMs.median} ms, at the most ${latencyMs.most} ms`);
    const median = rounds.toSorted((a, b) => a.perSecond - b.perSecond)[Math.floor(ROUNDS / 2)];
    writeResult("log-agent", {
      figure: "lines a second and a CPU-second from the node's files to the log store, median of the rounds",
      ...{
        dynos: DYNOS,
        linesEach: LINES_EACH,
        bytesEach: TEXT.length + 6,
        wantedPerSecond: WANTED_PER_SECOND,
      },
      ...{ median, sedPerCpuSecond: floor, rounds, latencyMs, machine: machineFacts(["sed --version"]) },
    });
    return median && median.perSecond >= WANTED_PER_SECOND ? 0 : 1;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function writeFiles(root: string): void {
  const began = BigInt(Date.now()) * 1_000_000n;
  const step = 1_000_000_000n / BigInt(LINES_PER_SECOND);
  for (let dyno = 0; dyno < DYNOS; dyno++) {
    const folder = join(root, "pods", `apps_dyno-${dyno}_${uidOf(dyno)}`, "dyno");
    mkdirSync(folder, { recursive: true });
    const lines = Array.from(
      { length: LINES_EACH },
      (_, i) => `${stampOf(began + BigInt(i) * step)} stdout F ${String(i).padStart(5, "0")} ${TEXT}\n`,
    );
    writeFileSync(join(folder, "0.log"), lines.join(""));
  }
}

function measureFloor(root: string): number {
  const script = `find '${root}/pods' -name 0.log -exec sed -n 's/^[^ ]* [^ ]* [FP] //p' {} + | wc -l`;
  const timed = `TIMEFORMAT='%U %S'; time { ${script}; }`;
  const { stdout, stderr } = spawnSync("bash", ["-c", timed], { encoding: "utf8" });
  if (Number(stdout) !== DYNOS * LINES_EACH) throw new Error(`sed read ${stdout} lines`);
  const [user = 0, system = 0] = stderr.trim().split(" ").map(Number);
  return Math.round((DYNOS * LINES_EACH) / (user + system));
}

async function startLogRole(root: string, name: string) {
  const logs = join(root, `logs-${name}`);
  mkdirSync(logs);
  const role = start("logs", logs);
  const view = viewTestLogs(logs);
  await until(async () => (await view.read("nobody").catch(() => undefined)) !== undefined);
  return { logs, role, view };
}

/** What an agent keeps of pods that it knows and has told nothing of. */
function writeState(root: string, name: string, dynos: number): string {
  const state = join(root, `state-${name}`);
  mkdirSync(join(state, "pods"), { recursive: true });
  for (let i = 0; i < dynos; i++) {
    const names = [[0, "web.1"]];
    const pod = { namespace: "apps", pod: `dyno-${i}`, appId: appOf(i), names, endedRun: -1, isGone: false };
    writeFileSync(
      join(state, "pods", `${uidOf(i)}.json`),
      JSON.stringify({ facts: { uid: uidOf(i), ...pod } }),
    );
  }
  return state;
}

async function measureAgent(root: string, round: number): Promise<Measured> {
  const state = writeState(root, String(round), DYNOS);
  const { logs, role, view } = await startLogRole(root, String(round));
  const began = performance.now();
  const agent = start("agent", join(root, "pods"), state, logs);
  const last = `app[web.1]: ${String(LINES_EACH - 1).padStart(5, "0")} ${TEXT}`;
  const isTold = new Array<boolean>(DYNOS).fill(false);
  await until(async () => {
    for (let open = isTold.indexOf(false); open >= 0; open = isTold.indexOf(false)) {
      if ((await view.last(appOf(open))) !== last) return false;
      isTold[open] = true;
    }
    return true;
  });
  const seconds = (performance.now() - began) / 1_000;
  const lines = DYNOS * LINES_EACH;
  const measured = {
    seconds: Number(seconds.toFixed(2)),
    perSecond: Math.round(lines / seconds),
    agentPerCpuSecond: Math.round(lines / cpuSeconds(agent.pid ?? 0)),
    logRolePerCpuSecond: Math.round(lines / cpuSeconds(role.pid ?? 0)),
    agentMemoryMb: peakMemoryMb(agent),
  };
  for (const child of [agent, role]) await end(child);
  return measured;
}

/** From the write of a single line to whoever tails the log, while nothing else is written. */
async function measureLatency(root: string): Promise<{ median: number; most: number }> {
  const { logs, role, view } = await startLogRole(root, "latency");
  const state = writeState(root, "latency", 1);
  const agent = start("agent", join(root, "quiet"), state, logs);
  const folder = join(root, "quiet", `apps_dyno-0_${uidOf(0)}`, "dyno");
  mkdirSync(folder, { recursive: true });
  const stop = new AbortController();
  const writtenAt = new Map<string, number>();
  const took: number[] = [];
  const tail = (async () => {
    for await (const text of view.tail(appOf(0), stop.signal)) {
      const at = writtenAt.get(text);
      if (at !== undefined) took.push(performance.now() - at);
    }
  })();
  for (let i = 0; i <= LATENCY_LINES; i++) {
    const text = `line ${i}`;
    // The first one only says that all is up.
    if (i > 0) writtenAt.set(text, performance.now());
    appendFileSync(join(folder, "0.log"), `${stampOf(BigInt(Date.now()) * 1_000_000n)} stdout F ${text}\n`);
    await until(async () => (i === 0 ? (await view.last(appOf(0))) !== undefined : took.length === i));
    await wait(400 + i * 17);
  }
  stop.abort();
  await tail;
  for (const child of [agent, role]) await end(child);
  const sorted = took.toSorted((a, b) => a - b).map(Math.round);
  return { median: sorted[Math.floor(sorted.length / 2)] ?? 0, most: sorted.at(-1) ?? 0 };
}

function start(...args: string[]): ChildProcess {
  return spawn(process.execPath, ["--disable-warning=ExperimentalWarning", FIXTURE, ...args], {
    stdio: "inherit",
  });
}

async function end(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error("the lines did not arrive");
    await wait(20);
  }
}

function peakMemoryMb({ pid }: ChildProcess): number {
  const [, kilobytes = "0"] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Math.round(Number(kilobytes) / 1_024);
}

process.exitCode = await main();
