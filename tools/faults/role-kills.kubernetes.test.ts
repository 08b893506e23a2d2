import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AppControl, controlApp } from "../../conformance/src/app-control.ts";
import type { JourneyApp } from "../../conformance/src/journey.ts";
import type { LiveCommand } from "../../conformance/src/live-command.ts";
import { trialApp } from "../../conformance/src/trial-app.ts";
import { waitUntil } from "../../conformance/src/wait-until.ts";
import { KIND, type Pod, type Secret } from "../../platform/src/drivers/kubernetes/client/index.ts";
import {
  hasInstallation,
  type InstallationUnderTest,
  openInstallation,
  ROLES,
  SYSTEM,
} from "./installation-under-test-fixtures.ts";
import { ALL_KILLS, chooseKills, type KillsOfPush, type Step } from "./kill-plan-fixtures.ts";

/**
 * kill -9 of each role's processes while a push is under way. Whatever is killed when: what was acknowledged is released,
 * nothing is released that nobody pushed, numbers have no gap, nothing is left running, and visitors notice nothing, but those
 * that the killed router was serving. CONIFER_KILLS=all tries every role in every step (about 40 minutes); otherwise each
 * role is tried once, and CONIFER_KILLS=<number> pairs roles and steps in another way.
 */

const { CONIFER_KILLS = "1" } = process.env;
const PUSHES = CONIFER_KILLS === "all" ? ALL_KILLS : chooseKills(Number(CONIFER_KILLS));
/** The tests' machine may be busy. */
const LONG_MS = 120_000;

let installation: InstallationUnderTest;
let app: JourneyApp;
let control: AppControl;
/** Commits that were pushed, with how often, and whether a push of them was acknowledged. */
const pushed = new Map<string, { times: number; acknowledged: boolean }>();

const SLOW_BUILD = JSON.stringify({
  name: "app",
  private: true,
  scripts: { build: "echo the slow build begins && sleep 2" },
});

describe.skipIf(!hasInstallation)("while a push is under way", () => {
  beforeAll(async () => {
    installation = await openInstallation();
    await installation.isWhole();
    app = await installation.journey.makeApp("killed", { ...trialApp(), "package.json": SLOW_BUILD });
    control = controlApp(installation.journey, app);
    await control.setConfig({ LISTEN_AFTER: "500" });
    await installation.journey.api("PATCH", "/apps/killed/features/warm-rollback", { enabled: false });
    await mustPush(await app.commit({}));
    await control.dynosAre("web", ["up"]);
  });

  afterAll(() => installation?.end());

  test.each(PUSHES.map((kills) => [kills.map((kill) => kill.join(" when ")).join(", of "), kills] as const))(
    "kill -9 of %s",
    async (label, kills) => {
      const commit = await app.commit({ "label.txt": `${label}\n` });
      const routers = await installation.podsOf("router");
      const loads = await Promise.all(routers.map((router) => installation.loadBy(router, app)));
      try {
        for (const load of loads) await load.nextGood();
        await pushThrough(kills, { commit, label, routers });
        await isWell(label);
        for (const load of loads) await load.nextGood();
      } finally {
        for (const load of loads) await load.stop();
      }
      // What the killed router was serving breaks off with it; everything else goes on.
      const harmed = kills.some(([role]) => role === "router") ? 1 : 0;
      for (const load of loads.slice(harmed)) expect(load.failures()).toEqual([]);
    },
    300_000,
  );

  test("in the end every acknowledged push has its release, and every release its push", async () => {
    const { body: builds } = await installation.journey.api("GET", "/apps/killed/builds");
    const released = new Map<string, number>();
    for (const { source_blob: source, release, status } of builds) {
      expect(["succeeded", "failed"]).toContain(status);
      if (release) released.set(source.version, (released.get(source.version) ?? 0) + 1);
    }
    for (const [commit, times] of released)
      expect(pushed.get(commit)?.times, commit).toBeGreaterThanOrEqual(times);
    for (const [commit, { acknowledged }] of pushed)
      if (acknowledged) expect(released.has(commit)).toBe(true);
  });

  test("in the end every pod tells scrapers of its role, and only those with the installation's token", async () => {
    const { data } = await installation.client.get<Secret>(
      { kind: KIND.secret, namespace: SYSTEM },
      "conifer-metrics",
    );
    const token = Buffer.from(data?.token ?? "", "base64").toString("utf8");
    for (const role of ROLES)
      for (const pod of await installation.podsOf(role)) {
        const told = await installation.scrape(pod, token);
        expect(told).toMatch(/^HTTP\/1\.1 200 /);
        expect(told).toContain(`process_start_time_seconds{role="${role}"} `);
        expect(await installation.scrape(pod, `${token}x`)).toMatch(/^HTTP\/1\.1 401 /);
      }
  });
});

interface PushedState {
  readonly commit: string;
  readonly label: string;
  readonly routers: readonly Pod[];
}

/** Pushes, and kills on the way. A push that broke off is typed again as soon as all roles are back. */
async function pushThrough(kills: KillsOfPush, { commit, label, routers }: PushedState): Promise<void> {
  const before = await installation.dynoPods(app.name);
  const push = startPush(commit);
  for (const [role, step] of kills) {
    await Promise.race([comesTo(step, push, before, label), push.ended]);
    await installation.kill(role === "router" ? routers.slice(0, 1) : await installation.podsOf(role));
  }
  const code = await ended(push, commit);
  await installation.isWhole();
  if (code === 0) return;
  expect(push.output()).toMatch(/fatal:|error:|remote: !|rejected/);
  await mustPush(commit);
}

function startPush(commit: string): LiveCommand {
  const known = pushed.get(commit);
  pushed.set(commit, { times: (known?.times ?? 0) + 1, acknowledged: known?.acknowledged ?? false });
  return installation.journey.person.startGit(["push", "--progress", "heroku", "main"], { cwd: app.folder });
}

async function ended(push: LiveCommand, commit: string): Promise<number> {
  let code: number | undefined;
  void push.ended.then((status) => {
    code = status;
  });
  await waitUntil("the end of the push", () => code !== undefined, { ms: LONG_MS, instead: push.output });
  if (code === 0) pushed.set(commit, { times: pushed.get(commit)?.times ?? 1, acknowledged: true });
  return code ?? -1;
}

async function mustPush(commit: string): Promise<void> {
  const push = startPush(commit);
  if ((await ended(push, commit)) !== 0) throw new Error(push.output());
}

const SEEN: Partial<Record<Step, RegExp>> = {
  "its source is received": /Writing objects/,
  "it is built": /the slow build begins/,
  "its image is delivered": /\d layers? (?:used again|added)/,
  "it is released": /Launching/,
};

/** Waits until the push has come to the step. */
async function comesTo(step: Step, push: LiveCommand, before: readonly Pod[], label: string): Promise<void> {
  const words = SEEN[step];
  if (words) return void (await push.sees(words, LONG_MS));
  await push.sees(/Released v/, LONG_MS);
  const known = new Set(before.map(({ metadata }) => metadata.name));
  const isNew = ({ metadata }: Pod) => !known.has(metadata.name);
  if (step === "its dynos start")
    await waitUntil("a new dyno", async () => (await installation.dynoPods(app.name)).some(isNew), {
      ms: LONG_MS,
    });
  else await control.answers((answer) => answer.label === label, LONG_MS);
}

/** What must be true of an app again after anything. */
async function isWell(label: string): Promise<void> {
  await control.answers((answer) => answer.label === label, LONG_MS);
  await control.dynosAre("web", ["up"], LONG_MS);
  const { body: releases } = await installation.journey.api("GET", "/apps/killed/releases");
  const versions = releases.map(({ version }: { version: number }) => version);
  versions.sort((a: number, b: number) => a - b);
  expect(versions).toEqual(Array.from(versions, (_, i) => i + 1));
  const current = releases.filter((release: { current: boolean }) => release.current);
  expect(current).toMatchObject([{ version: versions.at(-1), status: "succeeded" }]);
  let left: readonly string[] = [];
  const nothingLeft = async () => {
    const [builds, dynos] = await Promise.all([
      installation.buildsUnderWay(),
      installation.dynoPods(app.name),
    ]);
    left = [...builds, ...dynos.slice(1)].map(({ metadata }) => metadata.name);
    return left.length === 0 && dynos.length === 1;
  };
  await waitUntil("one dyno and no build", nothingLeft, { ms: LONG_MS, instead: () => left.join("\n") });
}
