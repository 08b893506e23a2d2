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
   * the dynos of which the work says at last that the engine has them.
   */
  look(appId: string, work: (handed: (dynos: string) => void) => Promise<Outcome>): Promise<Outcome>;
}

/** Nothing is believed for longer; half of it for the first, so that not all are looked at at once. */
const LONGEST_MS = 3_600_000;

export function makeSettledApps({ marks, clock }: SettledOptions): SettledApps {
  const settled = new Map<string, AppMark & { readonly until: number }>();
  let listed: AppMarks = new Map();
  return {
    list: async () => {
      listed = await marks();
      const now = clock().getTime();
      for (const appId of settled.keys()) if (!listed.has(appId)) settled.delete(appId);
      return [...listed.keys()].filter((appId) => {
        const last = settled.get(appId);
        const mark = listed.get(appId);
        return !last || last.wishes !== mark?.wishes || last.dynos !== mark.dynos || last.until <= now;
      });
    },
    look: async (appId, work) => {
      // Taken before the work, which then has seen at least what the mark tells of.
      const wishes = listed.get(appId)?.wishes;
      settled.delete(appId);
      let dynos: string | undefined;
      const outcome = await work((handed) => {
        dynos = handed;
      });
      const until = clock().getTime() + LONGEST_MS * (0.5 + shareOf(appId) / 2);
      if (outcome.kind === "done" && wishes !== undefined && dynos !== undefined)
        settled.set(appId, { wishes, dynos, until });
      return outcome;
    },
  };
}

/** From 0 to 1, spread over ids. */
function shareOf(appId: string): number {
  return (Number.parseInt(appId.slice(0, 4), 16) || 0) / 0xffff;
}
