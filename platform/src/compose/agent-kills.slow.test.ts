import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { viewTestLogs } from "./agent-fixtures.ts";
import { textOfLine } from "./agent-line-fixtures.ts";

const FIXTURE = join(import.meta.dirname, "agent-kill-fixtures.ts");
const LINES = 9_000;
const APP = "app-of-lines";
const UID = "0d9c1f6e-5d0f-4f3e-9a51-5f4a3c0c7a11";

let root: string;
const children = new Set<ChildProcess>();

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "conifer-agent-kills-"));
  for (const folder of ["logs", "state/pods"]) mkdirSync(join(root, folder), { recursive: true });
  const names = [[0, "worker.1"]];
  const facts = {
    uid: UID,
    namespace: "apps",
    pod: "dyno-1",
    appId: APP,
    names,
    endedRun: -1,
    isGone: false,
  };
  writeFileSync(join(root, "state/pods", `${UID}.json`), JSON.stringify({ facts }));
});
afterEach(async () => {
  for (const child of children) await kill(child);
  rmSync(root, { recursive: true, force: true });
});

function start(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", FIXTURE, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.add(child);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  children.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

const startAgent = () => start("agent", join(root, "pods"), join(root, "state"), join(root, "logs"));
const startLogs = () => start("logs", join(root, "logs"));
const folder = () => join(root, "pods", `apps_dyno-1_${UID}`, "dyno");

/** A pause of a length that differs from one to the next, the same in each run of the test. */
const pauses = (i: number) => 300 + ((i * 7_919) % 900);

async function everyLineOnce(killEach: (round: number) => Promise<void>): Promise<void> {
  const writer = start("writer", folder(), String(LINES));
  const written = once(writer, "exit");
  let isWritten = false;
  void written.then(() => {
    isWritten = true;
  });
  for (let round = 0; !isWritten; round++) {
    await wait(pauses(round));
    await killEach(round);
  }
  const logs = viewTestLogs(join(root, "logs"));
  const wanted = Array.from({ length: LINES }, (_, i) => `app[worker.1]: ${textOfLine(i + 1)}`);
  await expect.poll(async () => (await logs.read(APP)).at(-1), { timeout: 20_000 }).toBe(wanted.at(-1));
  const found = await logs.read(APP);
  const missing = new Set(wanted).difference(new Set(found));
  expect({ missing: [...missing].slice(0, 5), count: found.length }).toEqual({ missing: [], count: LINES });
  expect(found).toEqual(wanted);
  expect(readdirSync(folder()).some((name) => name.endsWith(".gz"))).toBe(true);
}

test("every line is told once and in order while the agent is killed again and again", async () => {
  startLogs();
  let agent = startAgent();
  await everyLineOnce(async () => {
    await kill(agent);
    agent = startAgent();
  });
});

test("every line is told once and in order while the log role is killed again and again", async () => {
  let logs = startLogs();
  startAgent();
  await everyLineOnce(async () => {
    await kill(logs);
    logs = startLogs();
  });
});

test("both may be killed, in turn", async () => {
  let logs = startLogs();
  let agent = startAgent();
  await everyLineOnce(async (round) => {
    if (round % 2 === 0) {
      await kill(logs);
      logs = startLogs();
    } else {
      await kill(agent);
      agent = startAgent();
    }
  });
});
