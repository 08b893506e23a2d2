import type { CheckResult, Readiness } from "./role-readiness.ts";

/** Asks a role how it is; throws when it does not answer. */
export type AskRole = (signal: AbortSignal) => Promise<Readiness>;

const ANSWER_MS = 3_000;

/** Several roles as one: ready when each is. A role that does not answer in time, by default 3 seconds, is not. */
export function joinReadiness(roles: Readonly<Record<string, AskRole>>, answerMs = ANSWER_MS) {
  let asked: Promise<Readiness> | undefined;
  const ask = async (): Promise<Readiness> => {
    const signal = AbortSignal.timeout(answerMs);
    const answers = await Promise.all(
      Object.entries(roles).map(async ([role, askRole]) => {
        const { checks } = await askRole(signal).catch(() => SILENT);
        return checks.map((check): CheckResult & { role: string } => ({ role, ...check }));
      }),
    );
    const checks = answers.flat();
    return { ready: checks.every(({ ok }) => ok), checks };
  };
  return {
    /** It is asked by way of one of them, which therefore serves. */
    serves: () => true,
    ask: (): Promise<Readiness> => {
      asked ??= ask().finally(() => {
        asked = undefined;
      });
      return asked;
    },
  };
}

const SILENT: Readiness = {
  ready: false,
  checks: [{ name: "start", ok: false, why: "The process does not answer." }],
};
