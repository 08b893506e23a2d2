import type { DynoState } from "../dyno/index.ts";

/**
 * What a process type's dynos should be. `key` stands for image, environment, command and size: a warm dyno of an equal
 * key holds just what is wanted.
 */
export interface WantedType {
  readonly type: string;
  readonly quantity: number;
  readonly key: string;
}

/** A dyno that is to run, as recorded. */
export interface RecordedDyno {
  readonly id: string;
  readonly type: string;
  readonly index: number;
  readonly key: string;
  readonly releaseId: string;
  readonly duty: "serve" | "stand-by" | "warm" | "work";
  /** A restart was asked for: it serves until its successor is up. */
  readonly retiring: boolean;
  readonly warmUntil: Date | null;
}

/** What is seen of a dyno; undefined when the engine does not know it (yet). */
export type Observed = ReadonlyMap<string, DynoState>;

export interface FormationWorld {
  readonly releaseId: string;
  readonly wanted: readonly WantedType[];
  readonly dynos: readonly RecordedDyno[];
  readonly observed: Observed;
  /** New web dynos start and listen before old ones stop. */
  readonly preboot: boolean;
  /** How long the web dynos of the last release stay ready; 0 turns it off. */
  readonly warmSeconds: number;
  /** How many dynos there is memory for to keep warm. */
  readonly warmBudget: number;
  /** How many successors of web dynos there is memory for beside the old ones; one is started in any case. */
  readonly surgeBudget: number;
  readonly now: Date;
}

export type FormationStep =
  | {
      readonly kind: "start";
      readonly type: string;
      readonly index: number;
      readonly duty: "serve" | "stand-by" | "work";
    }
  | { readonly kind: "stop"; readonly id: string }
  /** Takes requests from now on, for the present release. */
  | { readonly kind: "serve"; readonly id: string; readonly index: number }
  | { readonly kind: "keep-warm"; readonly id: string; readonly until: Date };

export interface FormationPlan {
  readonly steps: readonly FormationStep[];
  /** Set when a replacement begins that must go so many dynos at a time, for want of memory. */
  readonly limitedTo?: number;
  /** When to look again although nothing is seen to change: the end of the first warm dyno's time. */
  readonly lookAt?: Date;
}

/** What a plan consists of, while it is made. */
interface Draft {
  readonly steps: FormationStep[];
  limitedTo?: number;
}

/**
 * What to do next so that an app's dynos become what is wanted without a gap. Called again after every change that is
 * seen; a plan with no steps means that there is nothing to do, or that something must be waited for.
 *
 * Web dynos with preboot: successors start beside the old ones as `stand-by`, as many as there is memory for. Once all
 * of them are up, or have failed while at least one is up, those that are up take over in one step, and the old ones
 * with their indexes leave. Old ones whose successor failed go on. All other types stop before their successor starts.
 * (design §3 "Gapless")
 */
export function planFormation(world: FormationWorld): FormationPlan {
  const draft: Draft = { steps: [] };
  const types = new Set([...world.wanted.map(({ type }) => type), ...world.dynos.map(({ type }) => type)]);
  for (const type of types) {
    const wanted = world.wanted.find((candidate) => candidate.type === type) ?? {
      type,
      quantity: 0,
      key: "",
    };
    const mine = world.dynos.filter((dyno) => dyno.type === type);
    if (type === "web" && world.preboot) planSurge(wanted, mine, { world, draft });
    else draft.steps.push(...planReplace(wanted, mine, world));
  }
  const ends = world.dynos.flatMap(({ warmUntil }) => (warmUntil ? [warmUntil.getTime()] : []));
  return { ...draft, ...(ends.length > 0 ? { lookAt: new Date(Math.min(...ends)) } : {}) };
}

/** Stop, then start: at each index the old dyno must be gone before its successor starts. */
function planReplace(
  wanted: WantedType,
  dynos: readonly RecordedDyno[],
  world: FormationWorld,
): FormationStep[] {
  const steps: FormationStep[] = [];
  const duty = wanted.type === "web" ? "serve" : "work";
  for (const dyno of dynos) {
    const fits = isCurrent(dyno, wanted, world) && dyno.index <= wanted.quantity && dyno.duty === duty;
    if (!fits) steps.push({ kind: "stop", id: dyno.id });
  }
  const taken = new Set(dynos.map(({ index }) => index));
  for (let index = 1; index <= wanted.quantity; index++) {
    if (!taken.has(index) && !stillLeaving(wanted.type, index, world))
      steps.push({ kind: "start", type: wanted.type, index, duty });
  }
  return steps;
}

/** A dyno that is recorded no more but has not ended yet holds its name. */
function stillLeaving(type: string, index: number, world: FormationWorld): boolean {
  return world.observed.has(leavingKey(type, index));
}

/** How `observed` names a dyno that has no record any more and has not ended yet. */
export function leavingKey(type: string, index: number): string {
  return `leaving ${type}.${index}`;
}

/** Every release replaces every dyno, even when it changes nothing that they hold. (facts: runtime §6) */
function isCurrent(dyno: RecordedDyno, wanted: WantedType, { releaseId }: FormationWorld): boolean {
  return dyno.key === wanted.key && dyno.releaseId === releaseId && !dyno.retiring;
}

function planSurge(
  wanted: WantedType,
  dynos: readonly RecordedDyno[],
  { world, draft }: { readonly world: FormationWorld; readonly draft: Draft },
): void {
  const { steps } = draft;
  const warm = dynos.filter(({ duty }) => duty === "warm");
  const active = dynos.filter(({ duty }) => duty !== "warm");
  if (wanted.quantity === 0)
    return void steps.push(...dynos.map(({ id }) => ({ kind: "stop", id }) as const));
  const inRange = active.filter(({ index }) => index <= wanted.quantity);
  const current = inRange.filter((dyno) => isCurrent(dyno, wanted, world));
  const old = inRange.filter((dyno) => !isCurrent(dyno, wanted, world));
  const surplus = active.filter(({ index }) => index > wanted.quantity);
  const replacing = old.some(({ duty }) => duty === "serve");

  steps.push(...surplus.map(({ id }) => ({ kind: "stop", id }) as const));
  const reusable = warm.filter((dyno) => dyno.key === wanted.key && !dyno.retiring && isUp(dyno, world));
  const reused = reuseWarm({ wanted, current, reusable, steps });
  const missing = indexesOf(wanted.quantity).filter(
    (i) => !current.some(({ index }) => index === i) && !reused.has(i),
  );
  const starting = replacing ? missing.slice(0, surgeRoom(current, world)) : missing;
  for (const index of starting)
    steps.push({ kind: "start", type: wanted.type, index, duty: replacing ? "stand-by" : "serve" });
  const scarce = starting.length < missing.length;
  if (scarce && current.length === 0) draft.limitedTo = starting.length;
  const incoming = takeOver({ current, reused, starting, replacing, world, steps });
  retire({ old, warm, incoming, scarce, world, steps, reusedIds: new Set(reused.values()) });
}

/** How many more successors may start: those that wait or have failed hold their place until they serve or are gone. */
function surgeRoom(current: readonly RecordedDyno[], { surgeBudget }: FormationWorld): number {
  const standing = current.filter(({ duty }) => duty === "stand-by").length;
  return Math.max(0, Math.max(1, surgeBudget) - standing);
}

function indexesOf(quantity: number): readonly number[] {
  return Array.from({ length: quantity }, (_, i) => i + 1);
}

function isUp(dyno: RecordedDyno, world: FormationWorld): boolean {
  return world.observed.get(dyno.id)?.kind === "up";
}

/** Warm dynos that hold just what is wanted now take the place of successors: a rollback that takes effect at once. */
function reuseWarm(input: {
  wanted: WantedType;
  current: readonly RecordedDyno[];
  reusable: readonly RecordedDyno[];
  steps: FormationStep[];
}): Map<number, string> {
  const reused = new Map<number, string>();
  const free = indexesOf(input.wanted.quantity).filter(
    (i) => !input.current.some(({ index }) => index === i),
  );
  const left = [...input.reusable];
  for (const index of free) {
    const at = Math.max(
      left.findIndex((dyno) => dyno.index === index),
      0,
    );
    const [dyno] = left.splice(at, 1);
    if (!dyno) break;
    reused.set(index, dyno.id);
    input.steps.push({ kind: "serve", id: dyno.id, index });
  }
  return reused;
}

/** The indexes whose successors serve from this plan on, when it is time for them to. */
function takeOver(input: {
  current: readonly RecordedDyno[];
  reused: ReadonlyMap<number, string>;
  starting: readonly number[];
  replacing: boolean;
  world: FormationWorld;
  steps: FormationStep[];
}): ReadonlySet<number> {
  const { current, reused, starting, replacing, world, steps } = input;
  const state = (dyno: RecordedDyno) => world.observed.get(dyno.id)?.kind;
  const serving = current.filter(({ duty }) => duty === "serve");
  const ready = current.filter((dyno) => dyno.duty === "stand-by" && state(dyno) === "up");
  const undecided = current.filter(
    (dyno) => dyno.duty === "stand-by" && state(dyno) !== "up" && state(dyno) !== "crashed",
  );
  const incoming = new Set(reused.keys());
  for (const dyno of serving) if (!replacing || state(dyno) === "up") incoming.add(dyno.index);
  const someServe = ready.length + reused.size + serving.filter((dyno) => state(dyno) === "up").length > 0;
  const switchNow = starting.length === 0 && undecided.length === 0 && someServe;
  if (!replacing || switchNow) {
    const now = replacing ? ready : current.filter(({ duty }) => duty === "stand-by");
    for (const dyno of now) {
      steps.push({ kind: "serve", id: dyno.id, index: dyno.index });
      incoming.add(dyno.index);
    }
  }
  return incoming;
}

/**
 * Old dynos leave once their successor serves: the last serving ones to be kept warm, all others to stop. Where memory is
 * scarce none is kept.
 */
function retire(input: {
  old: readonly RecordedDyno[];
  warm: readonly RecordedDyno[];
  incoming: ReadonlySet<number>;
  scarce: boolean;
  world: FormationWorld;
  steps: FormationStep[];
  reusedIds: ReadonlySet<string>;
}): void {
  const { old, warm, incoming, scarce, world, steps, reusedIds } = input;
  const until = new Date(world.now.getTime() + world.warmSeconds * 1_000);
  const leaving = old.filter(({ index }) => incoming.has(index));
  const keepable = leaving.filter((dyno) => {
    return world.warmSeconds > 0 && dyno.duty === "serve" && !dyno.retiring && isUp(dyno, world);
  });
  const kept = new Set(keepable.slice(0, scarce ? 0 : Math.max(0, world.warmBudget)).map(({ id }) => id));
  for (const { id } of leaving)
    steps.push(kept.has(id) ? { kind: "keep-warm", id, until } : { kind: "stop", id });
  for (const dyno of old) {
    if (dyno.duty === "stand-by" && !incoming.has(dyno.index)) steps.push({ kind: "stop", id: dyno.id });
  }
  for (const dyno of warm) {
    const over = dyno.warmUntil === null || dyno.warmUntil <= world.now || world.warmSeconds === 0;
    const displaced = kept.size > 0 && !reusedIds.has(dyno.id) && dyno.releaseId !== world.releaseId;
    if (!reusedIds.has(dyno.id) && (over || displaced || scarce || !isUp(dyno, world)))
      steps.push({ kind: "stop", id: dyno.id });
  }
}
