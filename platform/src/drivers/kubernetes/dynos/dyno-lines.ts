import { type DynoState, dynoTexts as texts } from "../../../runtime/dyno/index.ts";
import type { DynoSight } from "./dyno-sight.ts";
import { currentRun, type PodRun, type RunExit, runKey } from "./pod-run.ts";

/** A dyno before and after something became known. */
export interface DynoChange {
  readonly before: { readonly sight: DynoSight; readonly state: DynoState } | undefined;
  readonly after: { readonly sight: DynoSight; readonly state: DynoState };
}

/** What the app's log says of the change, in the words and the order of every engine. */
export function linesOf({ before, after }: DynoChange): string[] {
  const told = new Set(before?.sight.exits.map(({ key }) => key));
  return [
    ...evictedLines(before?.sight, after.sight),
    ...after.sight.exits.filter(({ key }) => !told.has(key)).flatMap(exitLines),
    ...bootLines(before?.sight, after.sight),
    ...blockedLines(before?.sight, after.sight),
    ...refusedLines(before?.sight, after.sight),
    ...stateLines(before, after),
    ...leavingLines(before?.sight, after.sight),
  ];
}

/** A node's own words say what was too much, which the app's owner can do something about. */
function evictedLines(before: DynoSight | undefined, after: DynoSight): string[] {
  const told = new Set(before?.runs.filter((run) => run.evicted !== undefined).map(({ uid }) => uid));
  return after.runs.flatMap(({ uid, evicted }) =>
    evicted === undefined || told.has(uid) ? [] : [texts.platformError(evicted.trim())],
  );
}

function exitLines(exit: RunExit): string[] {
  if (exit.notStarted !== undefined) return [texts.platformError(exit.notStarted)];
  return [...(exit.outOfMemory ? [texts.memoryExceeded] : []), texts.exited(exit.code)];
}

function bootLines(before: DynoSight | undefined, after: DynoSight): string[] {
  const late = [...after.timedOut].some((key) => !before?.timedOut.has(key));
  return late ? [texts.bootTimeout(after.bootSeconds), texts.killing] : [];
}

function blockedLines(before: DynoSight | undefined, after: DynoSight): string[] {
  const now = blockOf(after);
  return now && blockOf(before)?.reason !== now.reason ? [texts.platformError(now.message)] : [];
}

/** Once for each time; the cluster's words name another pod at each try. */
function refusedLines(before: DynoSight | undefined, { refused, wanted }: DynoSight): string[] {
  if (refused === undefined || !wanted || before?.refused !== undefined) return [];
  return [texts.platformError(refused.trim())];
}

function blockOf(sight: DynoSight | undefined) {
  const phase = sight && currentRun(sight.runs)?.phase;
  if (phase?.kind === "blocked") return phase;
  return sight?.oneOff && phase?.kind === "lost" ? { reason: "lost", message: phase.message } : undefined;
}

type Moment = DynoChange["after"];

function stateLines(before: Moment | undefined, after: Moment): string[] {
  const { sight, state } = after;
  const awaits = (moment: Moment | undefined) => currentRun(moment?.sight.runs ?? [])?.client === "awaited";
  const begins = texts.starting(sight.displayCommand);
  if (!before) return state.kind === "starting" ? [awaits(after) ? texts.awaitingClient : begins] : [];
  const from = word(before.state);
  const to = state.kind === "complete" && !sight.oneOff ? "down" : word(state);
  if (awaits(before) && !awaits(after) && sight.wanted && state.kind !== "complete") return [begins];
  if (from === to || before.state.kind === "complete") return [];
  // A one-off dyno that stops is told of when it has ended.
  if (sight.oneOff) return oneOffLine(before.state, state);
  if (from === "down") return [];
  const again = to === "starting" && from === "crashed" ? [begins] : [];
  return [texts.changed(from, to), ...again];
}

function oneOffLine(before: DynoState, { kind }: DynoState): string[] {
  const from = before.kind === "stopping" ? "up" : before.kind;
  return kind === "up" || kind === "complete" ? [texts.changed(from, kind)] : [];
}

function word({ kind }: DynoState): string {
  return kind === "stopping" ? "down" : kind;
}

/** The process is told to end, for whatever reason; its successor's start follows where one is wanted. */
function leavingLines(before: DynoSight | undefined, after: DynoSight): string[] {
  if (!before) return [];
  const left = new Set(before.runs.filter((run) => run.leavingSince !== undefined).map(({ uid }) => uid));
  const known = new Map(before.runs.map((run) => [run.uid, run]));
  const leaves = (run: PodRun) =>
    run.leavingSince !== undefined && !left.has(run.uid) && known.get(run.uid)?.phase.kind === "running";
  const terminating = after.runs.some(leaves) ? [texts.terminating] : [];
  return [...terminating, ...successorLine(before, after)];
}

/** Another pod takes the place of one that was told to go or was lost. */
function successorLine(before: DynoSight, after: DynoSight): string[] {
  if (after.oneOff || !after.wanted) return [];
  const [old, now] = [currentRun(before.runs), currentRun(after.runs)];
  if (!now || now.leavingSince !== undefined || !old || old.uid === now.uid) return [];
  return runKey(old) === runKey(now) ? [] : [texts.starting(after.displayCommand)];
}
