import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Subject, startBackend, startHaproxy } from "./router/haproxy.ts";
import { machineFacts } from "./router/machine-facts.ts";
import { loadOnce, type Measured, median, writeLoadScript } from "./router/measure.ts";
import { startOurs } from "./router/our-router.ts";
import { writeResult } from "./router/result-file.ts";

/**
 * Requests per CPU-second of the router against HAProxy: the same table of apps, the same fields added to requests, a log
 * line for each request, one thread of work each, the same backend. Pairs alternate, so that whatever else the machine
 * does hits both; the figure is the median of the pairs' ratios.
 */
const APPS = 100;
const PAIRS = 7;
const SECONDS = 4;
const BAR = 0.5;
const GOAL = 0.8;

async function main(): Promise<number> {
  const missing = ["haproxy", "wrk"].filter((name) => spawnSync("which", [name]).status !== 0);
  if (missing.length > 0) {
    const hint = `${missing.join(" and ")} not installed: apt-get install ${missing.join(" ")}`;
    console.log(process.env.CI === "true" ? `The floor is missing: ${hint}` : `Skipped: ${hint}`);
    return process.env.CI === "true" ? 1 : 0;
  }
  const folder = mkdtempSync(join(tmpdir(), "conifer-router-bench-"));
  const running: Subject[] = [];
  const keep = async (subject: Promise<Subject>) => {
    const started = await subject;
    running.push(started);
    return started;
  };
  try {
    const hosts = Array.from({ length: APPS }, (_, i) => `app-${i}.localhost`);
    const backend = await keep(startBackend(folder));
    const ours = await keep(startOurs(folder, hosts, backend.port));
    const haproxy = await keep(startHaproxy(folder, hosts, backend.port));
    return await compare(ours, haproxy, writeLoadScript(folder, hosts));
  } finally {
    for (const subject of running.reverse()) await subject.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compare(ours: Subject, haproxy: Subject, script: string): Promise<number> {
  for (const subject of [ours, haproxy]) await loadOnce(subject, script, 2);
  const pairs: { router: Measured; haproxy: Measured; ratio: number }[] = [];
  for (let i = 0; i < PAIRS; i += 1) {
    const order = i % 2 === 0 ? [ours, haproxy] : [haproxy, ours];
    const measured = new Map<Subject, Measured>();
    for (const subject of order) measured.set(subject, await loadOnce(subject, script, SECONDS));
    const [router, floor] = [measured.get(ours), measured.get(haproxy)] as [Measured, Measured];
    const ratio = router.perCpuSecond / floor.perCpuSecond;
    pairs.push({ router, haproxy: floor, ratio });
    const show = ({ perCpuSecond, perSecond }: Measured) => `${perCpuSecond} per CPU-second, ${perSecond}/s`;
    console.log(`pair ${i + 1}: router ${show(router)} · haproxy ${show(floor)} · ratio ${ratio.toFixed(3)}`);
  }
  const ratio = Number(median(pairs.map((pair) => pair.ratio)).toFixed(3));
  writeResult("router", {
    figure: "requests per CPU-second: router / HAProxy, same table",
    ratio,
    bar: BAR,
    goal: GOAL,
    apps: APPS,
    secondsEach: SECONDS,
    pairs,
    machine: machineFacts(["haproxy -v", "wrk -v"]),
  });
  console.log(`median ratio ${ratio} (bar ${BAR}, goal ${GOAL})`);
  return 0;
}

process.exitCode = await main();
