import type { Clock, Outcome } from "../../kernel/index.ts";

/** What is recorded of an app, as texts that change with it. */
export interface AppMark {
  /** What decides on its dynos. No text ever comes back. */
  readonly wishes: string;
  /** Its dynos. Where one was made and removed again, this is as it was before. */
  readonly dynos: string;
}

/** Of each app that may have something to run. */
export type AppMarks = ReadonlyMap<string, AppMark>;

export interface SettledOptions {
  readonly marks: () => Promise<AppMarks>;
  readonly clock: Clock;
  /** Where in the list this process begins, from 0 to 1: each elsewhere, or all would come to the same app at once. */
  readonly start: number;
}

/**
 * Remembers which apps were found to be as they should, so that looking at all of them again costs one question and not
 * several for each. What is seen to change of an app's dynos is told as a hint, and needs no list.
 */
export interface SettledApps {
  /** Apps of which something has changed since, or that nobody has looked at for long. */
  list(): Promise<readonly string[]>;
  /**
   * Looks at an app. It has settled when nothing is left to do for what decides on its dynos, as it was listed before, and for
   * the dynos of which the work says at last that the engine has them. One that was listed and is another process's is left to
   * it for a while; whatever is recorded of it meanwhile lists it again.
   */
  look(appId: string, work: (handed: (dynos: string) => void) => Promise<Outcome>): Promise<Outcome>;
}

/** Nothing is believed for longer; half of it for the first, so that not all are looked at at once. */
const LONGEST_MS = 3_600_000;
/** Another process that does an app's work has done it by then, or its claim is over. */
const CLAIMED_MS = 15_000;
/** So much more for each app that there is: one process after another looks at all, and none of them in a hurry. */
const CLAIMED_MS_EACH = 50;

export function makeSettledApps({ marks, clock, start }: SettledOptions): SettledApps {
  const settled = new Map<string, AppMark & { readonly until: number }>();
  let listed: AppMarks = new Map();
  /** Listed, and not looked at since. */
  let due = new Set<string>();
  return {
    list: async () => {
      listed = await marks();
      const now = clock().getTime();
      for (const appId of settled.keys()) if (!listed.has(appId)) settled.delete(appId);
      const found = [...listed].flatMap(([appId, mark]) => {
        const last = settled.get(appId);
        const isKnown = last && last.wishes === mark.wishes && last.dynos === mark.dynos && last.until > now;
        return isKnown ? [] : [appId];
      });
      due = new Set(found);
      const at = Math.floor(found.length * start);
      return [...found.slice(at), ...found.slice(0, at)];
    },
    look: async (appId, work) => {
      // Taken before the work, which then has seen at least what the mark tells of.
      const mark = listed.get(appId);
      const isDue = due.delete(appId);
      settled.delete(appId);
      let dynos: string | undefined;
      const outcome = await work((handed) => {
        dynos = handed;
      });
      const now = clock().getTime();
      if (isDue && mark && outcome.kind === "waiting" && outcome.reason === "claimed") {
        const againInMs = CLAIMED_MS + Math.round(listed.size * CLAIMED_MS_EACH * shareOf(appId));
        settled.set(appId, { ...mark, until: now + againInMs });
        return { ...outcome, againInMs };
      }
      const until = now + LONGEST_MS * (0.5 + shareOf(appId) / 2);
      if (outcome.kind === "done" && mark && dynos !== undefined)
        settled.set(appId, { wishes: mark.wishes, dynos, until });
      return outcome;
    },
  };
}

/** From 0 to 1, spread over ids. */
function shareOf(appId: string): number {
  return (Number.parseInt(appId.slice(0, 4), 16) || 0) / 0xffff;
}
