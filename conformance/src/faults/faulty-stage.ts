import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Journey, type JourneyApp, joinJourney, openApp } from "../journey.ts";
import { findRemains } from "../platform-remains.ts";
import { alive, type ProcessMark, processesBelow } from "../process-marks.ts";
import { type RunningPlatform, removeHome, startPlatform } from "../running-platform.ts";
import { sitDown } from "../stock-client.ts";
import { trialApp } from "../trial-app.ts";
import { waitUntil } from "../wait-until.ts";
import { type HomeDisk, makeHomeDisk, missingForDisks, removeOrphanedDisks } from "./home-disk.ts";
import { type AppLedger, type AppState, adopt, judgeApp } from "./judge-app.ts";
import { observeApp } from "./observe-app.ts";
import { makeRoleClock, type RoleClock } from "./role-clock.ts";

/** The app that most is done to. */
export const SUBJECT = "subject";
/** Its releases run a command. */
export const PHASED = "phased";

/** What a release was when it was current. */
export interface Bygone {
  readonly id: string;
  readonly imageId: string;
  readonly state: AppState;
}

/** A platform that is to be hurt, with two apps and what is known of them. */
export interface FaultyStage {
  readonly folder: string;
  /** Undefined where this machine cannot have one. */
  readonly disk: HomeDisk | undefined;
  readonly clock: RoleClock;
  readonly temporary: string;
  journey: Journey;
  app: JourneyApp;
  readonly ledgers: Record<string, AppLedger>;
  /** What each release of the subject was, for going back to it. */
  readonly history: Map<number, Bygone>;
  /** Apps made by the way: whether they must be there, may be, or must be gone. */
  readonly extras: Map<string, "there" | "perhaps" | "gone">;
  /** Config vars of those apps that were acknowledged. */
  readonly entries: { readonly name: string; readonly variable: string }[];
  /** What the client got during the point that is played, and how often. */
  readonly answers: Map<string, number>;
  /** What is wrong with an operation itself. */
  readonly complaints: string[];
  over: boolean;
}

const ENDED_MS = 60_000;
/** Limits end what hangs; a machine may be busy with more than this. */
const READY_MS = 600_000;

export async function openStage(): Promise<FaultyStage> {
  const prefix = "conifer-faults-";
  removeOrphanedDisks(tmpdir(), prefix);
  const folder = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
  let disk: HomeDisk | undefined;
  try {
    disk = missingForDisks() === undefined ? makeHomeDisk(folder) : undefined;
    const temporary = join(folder, "tmp");
    mkdirSync(temporary);
    const clock = makeRoleClock(folder);
    const home = join(disk?.path ?? folder, "home");
    mkdirSync(home, { mode: 0o700 });
    const platform = await startPlatform({
      home,
      env: environmentOf({ clock, temporary }),
      readyMs: READY_MS,
    });
    const person = await sitDown(platform, { logIn: true });
    const journey = joinJourney(platform, person);
    const app = await journey.deployApp(SUBJECT, trialApp({ types: "worker: node work.js\n" }));
    await journey.deployApp(PHASED, trialApp({ types: "release: sleep 1 && node release.js\n" }));
    for (const name of [SUBJECT, PHASED]) {
      // Dynos that are kept for going back would stand beside those that are wanted.
      await journey.api("PATCH", `/apps/${name}/features/warm-rollback`, { enabled: false });
      await journey.api("PATCH", `/apps/${name}/config-vars`, { GREETING: "first" });
    }
    await journey.api("PATCH", `/apps/${SUBJECT}/formation/worker`, { quantity: 1 });
    const stage: FaultyStage = {
      folder,
      disk,
      clock,
      temporary,
      journey,
      app,
      ledgers: {},
      history: new Map(),
      extras: new Map(),
      entries: [],
      answers: new Map(),
      complaints: [],
      over: false,
    };
    for (const name of [SUBJECT, PHASED]) await firstLook(stage, name);
    return stage;
  } catch (thrown) {
    disk?.remove();
    rmSync(folder, { recursive: true, force: true });
    throw thrown;
  }
}

/** Looking on takes more calls than a client may make in an hour. */
function environmentOf({ clock, temporary }: Pick<FaultyStage, "clock" | "temporary">) {
  return { ...clock.env, TMPDIR: temporary, CONIFER_RATE_LIMIT: "1000000" };
}

/** What it is before anything befell it. */
async function firstLook(stage: FaultyStage, name: string): Promise<void> {
  const empty = { possible: [], releases: {}, runsCommand: name === PHASED };
  let wrong: readonly string[] = [];
  stage.ledgers[name] = await waitUntil(
    `${name} to serve`,
    async () => {
      const found = await observeApp(stage.journey, name);
      const ledger = adopt(empty, found);
      wrong = judgeApp(found, ledger);
      return found.answer.greeting === "first" && wrong.length === 0 && ledger;
    },
    { ms: 240_000, instead: () => wrong.join("\n") },
  );
}

/** Whether `npm start` has ended. */
export function hasEnded({ journey: { platform } }: FaultyStage): boolean {
  return processesBelow(platform.pid).length === 0 && !isAlive(platform.pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Kills processes at once, and waits until all that is below `npm start` has ended. */
export async function killTree(
  platform: RunningPlatform,
  whom: "npm" | "supervisor" | "everything",
): Promise<void> {
  const below = processesBelow(platform.pid);
  const victims = { npm: [platform.pid], supervisor: [platform.roles().get("supervisor") ?? platform.pid] };
  const chosen = whom === "everything" ? [platform.pid, ...below.map(({ pid }) => pid)] : victims[whom];
  for (const pid of chosen) signal(pid, "SIGKILL");
  await allEnd(below);
  await platform.ended();
}

/** Sends a signal to a process that may just have ended. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ESRCH") throw thrown;
  }
}

async function allEnd(marks: readonly ProcessMark[]): Promise<void> {
  const left = () => alive(marks).map(({ pid, command }) => `${pid} ${command}`);
  await waitUntil("the end of all processes", () => left().length === 0, {
    ms: ENDED_MS,
    instead: () => left().join("\n"),
  });
}

/** `npm start` in the same home. */
export async function startAgain(stage: FaultyStage): Promise<void> {
  const { home, apiPort, routerPort, routerTlsPort } = stage.journey.platform;
  const platform = await startPlatform({
    home,
    ports: [apiPort, routerPort, routerTlsPort],
    env: environmentOf(stage),
    readyMs: READY_MS,
  });
  stage.journey = joinJourney(platform, stage.journey.person);
  stage.app = openApp(platform, stage.journey.person, stage.app);
}

/** Stops the platform in good order, and gives what it left behind. */
export async function stopInOrder({ journey: { platform } }: FaultyStage): Promise<readonly string[]> {
  const below = processesBelow(platform.pid);
  const code = await platform.stop();
  await allEnd(below);
  const own = (line: string) => !/^mount: .*\/disk .*ext4/.test(line);
  const ended = code === 0 ? [] : [`npm start ended with ${code}`];
  return [...ended, ...findRemains(platform.home).filter(own)];
}

/** Ends what still runs, and takes everything away. */
export async function strike(stage: FaultyStage): Promise<void> {
  if (stage.over) return;
  stage.over = true;
  const { platform, person } = stage.journey;
  if (!hasEnded(stage)) await killTree(platform, "everything").catch(() => {});
  person.leave();
  if (stage.disk) stage.disk.remove();
  else removeHome(platform.home);
  rmSync(stage.folder, { recursive: true, force: true });
}
