import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AppControl, controlApp } from "../app-control.ts";
import { type Journey, type JourneyApp, joinJourney, openApp, setOut } from "../journey.ts";
import { type Load, startLoad } from "../load.ts";
import { alive, processesBelow } from "../process-marks.ts";
import { startPlatform } from "../running-platform.ts";
import { trialApp } from "../trial-app.ts";
import { waitUntil } from "../wait-until.ts";

/**
 * kill -9 of each process in the middle of a push, a build, a deploy and a rollback. Whatever is killed when: what was
 * acknowledged is there, the same command again brings about the rest, and the app's history has no gap.
 * CONIFER_KILLS=all tries every process in every step (8 minutes), CONIFER_KILLS=1 the half that is left out otherwise.
 */
const { CONIFER_KILLS = "0" } = process.env;

const BACK_MS = 30_000;
const PROCESSES = ["control", "router", "host", "postgres", "supervisor"] as const;
type Process = (typeof PROCESSES)[number];

let journey: Journey;
let app: JourneyApp;
let control: AppControl;

beforeAll(async () => {
  journey = await setOut();
  app = await journey.deployApp("midway", trialApp());
  control = controlApp(journey, app);
  await journey.api("PATCH", "/apps/midway/features/warm-rollback", { enabled: false });
  await control.setConfig({ LISTEN_AFTER: "1500" });
  await control.dynosAre("web", ["up"]);
});
afterAll(() => journey?.end());

/** Kills it, and returns when the platform is whole again. */
async function kill(which: Process): Promise<void> {
  const { platform } = journey;
  const pid = platform.roles().get(which);
  if (!pid) throw new Error(`no ${which} runs:\n${platform.output()}`);
  const below = processesBelow(platform.pid);
  process.kill(pid, "SIGKILL");
  if (which === "supervisor") {
    await waitUntil("the end of all", () => alive(below).length === 0, { ms: BACK_MS });
    await platform.ended();
    const { home, apiPort, routerPort, routerTlsPort } = platform;
    const next = await startPlatform({ home, ports: [apiPort, routerPort, routerTlsPort] });
    journey = joinJourney(next, journey.person);
    app = openApp(next, journey.person, app);
    control = controlApp(journey, app);
  }
  const isBack = async () =>
    (await journey.api("GET", "/apps/midway").catch(() => undefined))?.status === 200;
  await waitUntil("the API", isBack, { ms: BACK_MS, instead: () => journey.platform.output() });
}

/** What must be true of an app again after anything. */
async function allIsWell(label: string): Promise<void> {
  await control.answers((answer) => answer.label === label, 60_000);
  await control.dynosAre("web", ["up"]);
  const { body: releases } = await journey.api("GET", "/apps/midway/releases");
  const versions = releases.map(({ version }: { version: number }) => version);
  versions.sort((a: number, b: number) => a - b);
  expect(versions).toEqual(Array.from(versions, (_, i) => i + 1));
  const current = releases.filter((release: { current: boolean }) => release.current);
  expect(current).toMatchObject([{ version: versions.at(-1), status: "succeeded" }]);
  const { body: builds } = await journey.api("GET", "/apps/midway/builds");
  expect(builds.filter(({ status }: { status: string }) => status === "pending")).toEqual([]);
}

/** Requests go on meanwhile: when only control or the database is killed, none of them fails. */
async function underLoad(which: Process, work: () => Promise<void>): Promise<void> {
  const { routerPort } = journey.platform;
  const load: Load = startLoad({ routerPort, host: "midway.localhost", everyMs: 25 });
  try {
    await load.nextGood();
    await work();
  } finally {
    await load.stop();
  }
  if (which === "control" || which === "postgres") expect(load.failures()).toEqual([]);
}

async function startPush(...options: string[]) {
  return journey.person.startGit(["push", ...options, "heroku", "main"], { cwd: app.folder });
}

/** The push may have got through or not; typed again it does, and the app is the pushed one. */
async function settlePush(push: Awaited<ReturnType<typeof startPush>>, label: string): Promise<void> {
  const code = await push.ended;
  if (code !== 0) {
    expect(push.output()).toMatch(/fatal:|error:|remote: !|rejected/);
    await app.push();
  }
  await allIsWell(label);
}

const SLOW_BUILD = JSON.stringify({
  name: "app",
  private: true,
  scripts: { build: "echo the slow build begins && sleep 3" },
});
const QUICK_BUILD = JSON.stringify({ name: "app", private: true });

const STEPS = {
  "while a push is received": async (which: Process) => {
    const label = `received past ${which}`;
    writeFileSync(join(app.folder, "large.bin"), randomBytes(24 * 1024 * 1024));
    await app.commit({ "package.json": QUICK_BUILD, "label.txt": `${label}\n` });
    await underLoad(which, async () => {
      const push = await startPush("--progress");
      await push.sees(/Writing objects/, 30_000);
      await kill(which);
      await settlePush(push, label);
    });
  },

  "during a build": async (which: Process) => {
    const label = `built past ${which}`;
    await app.commit({ "package.json": SLOW_BUILD, "label.txt": `${label}\n` });
    await underLoad(which, async () => {
      const push = await startPush();
      await push.sees(/the slow build begins/, 60_000);
      await kill(which);
      await settlePush(push, label);
    });
  },

  "during a deploy": async (which: Process) => {
    const label = `deployed past ${which}`;
    await app.commit({ "package.json": QUICK_BUILD, "label.txt": `${label}\n` });
    await underLoad(which, async () => {
      const push = await startPush();
      await control.dynosAre("web", ["starting", "up"], 60_000);
      await kill(which);
      await settlePush(push, label);
    });
  },

  "during a rollback": async (which: Process) => {
    const good = await control.newestVersion();
    const { label } = await control.answer();
    await app.commit({ "label.txt": "a mistake\n" });
    await app.push();
    await underLoad(which, async () => {
      const before = await control.newestVersion();
      await control.rollBack(good);
      await control.dynosAre("web", ["starting", "up"]);
      await kill(which);
      expect(await control.newestVersion()).toBe(before + 1);
      await allIsWell(label);
    });
    // The branch is ahead of what runs: the next commit goes on from there.
    await app.commit({ "label.txt": `${label}\n` });
  },
};

/** The steps of the index's process: each second one, in turn, so that every process and every step comes. */
function chooseSteps(index: number) {
  return Object.entries(STEPS).filter(
    (_, step) => CONIFER_KILLS === "all" || (index + step + Number(CONIFER_KILLS)) % 2 === 0,
  );
}

describe.each(PROCESSES.map((which, index) => [which, chooseSteps(index)] as const))(
  "kill -9 of %s",
  (which, steps) => {
    test.each(steps)("%s", (_, step) => step(which), 120_000);
  },
);
