import { errorText, within } from "../kernel/index.ts";

/** Something that a role needs for its work. */
export interface ReadyCheck {
  /** Short, and the same in every role: `database`, `disk`. */
  readonly name: string;
  /** Resolves with why it is not there, or with nothing when it is; what it throws is why, too. */
  readonly look: () => Promise<string | undefined>;
}

/** How one check went. */
export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  readonly why?: string;
}

/** Whether a role can do its work. */
export interface Readiness {
  readonly ready: boolean;
  readonly checks: readonly CheckResult[];
}

/** A role's own knowledge of it. */
export interface RoleReadiness {
  /** From now on the role does its work, and needs these. */
  enter(checks?: readonly ReadyCheck[]): void;
  /** From now on it gets no new work. */
  leave(): void;
  /** Whether it has entered and not left: what needs nobody else. */
  serves(): boolean;
  /** Looks at everything. Whoever asks while others wait for an answer gets theirs. */
  ask(): Promise<Readiness>;
}

/** The check that every role has: that it has started and does not end. */
const START = "start";
const LOOK_MS = 2_000;

/** Each look may take `lookMs`, default 2 seconds; one that takes longer has failed. */
export function makeReadiness(lookMs = LOOK_MS): RoleReadiness {
  let checks: readonly ReadyCheck[] = [];
  let state: "starting" | "serving" | "ending" = "starting";
  let asked: Promise<Readiness> | undefined;
  const serves = () => state === "serving";
  const look = async (): Promise<Readiness> => {
    const start = serves() ? passed(START) : failed(START, `The process is ${state}.`);
    const results = [start, ...(await Promise.all(checks.map((check) => lookAt(check, lookMs))))];
    return { ready: results.every(({ ok }) => ok), checks: results };
  };
  return {
    enter: (needed = []) => {
      checks = needed;
      state = "serving";
    },
    leave: () => {
      state = "ending";
    },
    serves,
    ask: () => {
      asked ??= look().finally(() => {
        asked = undefined;
      });
      return asked;
    },
  };
}

const passed = (name: string): CheckResult => ({ name, ok: true });
const failed = (name: string, why: string): CheckResult => ({ name, ok: false, why });

async function lookAt({ name, look }: ReadyCheck, ms: number): Promise<CheckResult> {
  try {
    const why = await within(ms, look(), `looking at the ${name}`);
    return why === undefined ? passed(name) : failed(name, why);
  } catch (thrown) {
    return failed(name, withoutPassword(errorText(thrown)));
  }
}

/** What stands before the host in an address may be a password. */
function withoutPassword(text: string): string {
  return text.replace(/:\/\/[^\s/@]*@/g, "://...@");
}
