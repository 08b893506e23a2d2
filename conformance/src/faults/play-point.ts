import { setTimeout as pause } from "node:timers/promises";
import { waitUntil } from "../wait-until.ts";
import { beginFault, endsAll } from "./begin-fault.ts";
import { type FaultyStage, hasEnded, PHASED, SUBJECT, startAgain } from "./faulty-stage.ts";
import { adopt, judgeApp, type SeenApp } from "./judge-app.ts";
import { findStrays } from "./live-strays.ts";
import { observeApp } from "./observe-app.ts";
import { performOperation } from "./perform-operation.ts";
import type { FaultPoint } from "./plan-faults.ts";

const LOOK_AGAIN_MS = 200;
const SETTLED_MS = 180_000;

/**
 * Does one operation with one fault, and holds the platform to what it acknowledged. Throws what is wrong.
 * @returns what the client was told, and what the platform told meanwhile
 */
export async function playPoint(stage: FaultyStage, point: FaultPoint): Promise<string> {
  stage.complaints.length = 0;
  stage.answers.clear();
  const told = stage.journey.platform.output().length;
  if (stage.history.size === 0) await settle(stage);
  const begun = point.afterMs < 0 ? await beginFault(stage, point) : undefined;
  const operation = performOperation(stage, point);
  // What it throws is thrown below, when the fault is over.
  operation.catch(() => {});
  await pause(Math.max(0, point.afterMs));
  const { platform } = stage.journey;
  const end = begun ?? (await beginFault(stage, point));
  await pause(point.lastsMs);
  await end();
  if (hasEnded(stage)) {
    if (!endsAll(point.fault)) stage.complaints.push("npm start ended by itself");
    await startAgain(stage);
  }
  await operation;
  await settle(stage);
  const answers = [...stage.answers].map(([what, times]) => (times > 1 ? `${what} (${times})` : what));
  const news = platform
    .output()
    .slice(told)
    .split("\n")
    .filter((line) => line.trim() !== "");
  const ended = platform === stage.journey.platform ? [] : ["it was started again"];
  return [...answers, ...news, ...ended].join("; ");
}

/** Waits until all is as it should be. */
async function settle(stage: FaultyStage): Promise<void> {
  let wrong: readonly string[] = [];
  const isWell = async () => {
    wrong = await judgeStage(stage).catch((thrown: unknown) => [String(thrown)]);
    if (wrong.length === 0) return true;
    await pause(LOOK_AGAIN_MS);
    return false;
  };
  await waitUntil("all to be well again", isWell, {
    ms: SETTLED_MS,
    instead: () => `${wrong.join("\n")}\n${lastWords(stage)}`,
  });
  if (stage.complaints.length > 0) throw new Error(stage.complaints.join("\n"));
}

/** What the platform said last. */
function lastWords({ journey }: FaultyStage): string {
  return journey.platform.output().split("\n").slice(-12).join("\n");
}

async function judgeStage(stage: FaultyStage): Promise<readonly string[]> {
  const wrong: string[] = [];
  let dynos = 0;
  for (const name of [SUBJECT, PHASED]) {
    const seen = await observeApp(stage.journey, name);
    const ledger = stage.ledgers[name];
    if (!ledger) throw new Error(`nothing is known of ${name}`);
    const found = judgeApp(seen, ledger);
    wrong.push(...found.map((text) => `${name}: ${text}`));
    dynos += seen.dynos.length;
    if (found.length > 0) continue;
    stage.ledgers[name] = adopt(ledger, seen);
    if (name === SUBJECT) remember(stage, seen);
  }
  wrong.push(...(await judgeExtras(stage)));
  if (wrong.length > 0) return wrong;
  const { platform } = stage.journey;
  return [...findStrays({ home: platform.home, pid: platform.pid, temporary: stage.temporary, dynos })];
}

/** The current release, for going back to it; the newest comes last. */
function remember(stage: FaultyStage, seen: SeenApp): void {
  const [state] = stage.ledgers[SUBJECT]?.possible ?? [];
  const current = seen.releases.find((release) => release.current);
  if (!state || !current?.imageId) return;
  stage.history.set(current.version, { id: current.id, imageId: current.imageId, state });
}

/** The apps made by the way, and what was written to them. */
async function judgeExtras(stage: FaultyStage): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const [name, wanted] of stage.extras) {
    const { status, body } = await stage.journey.api("GET", `/apps/${name}/config-vars`);
    if (status !== 200 && status !== 404) wrong.push(`${name}: ${status}`);
    else if (wanted === "there" && status === 404) wrong.push(`${name} was acknowledged and is not there`);
    else if (wanted === "gone" && status === 200) wrong.push(`${name} was removed and is there`);
    const lost = stage.entries.filter(
      (entry) => entry.name === name && status === 200 && body[entry.variable] !== name,
    );
    wrong.push(...lost.map(({ variable }) => `${name}: ${variable} was acknowledged and is lost`));
    if (wrong.length === 0) stage.extras.set(name, status === 200 ? "there" : "gone");
  }
  return wrong;
}
