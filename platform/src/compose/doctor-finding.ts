/** What one look at an instance or its machine has shown. */
export interface Finding {
  /** What was looked at: `Disk`. */
  readonly matter: string;
  /** `problem`: something does not work or soon will not. `warning`: it works, and could be better. */
  readonly state: "ok" | "warning" | "problem";
  readonly says: string;
  /** The command or the change that mends it; on every problem. */
  readonly mend?: string;
}

const MARK = { ok: "ok      ", warning: "warning ", problem: "PROBLEM " } as const;

/** One line a finding, what mends it below, and a last line that sums up. */
export function findingsText(findings: readonly Finding[]): string {
  const width = Math.max(0, ...findings.map(({ matter }) => matter.length));
  const lines = findings.flatMap(({ matter, state, says, mend }) => {
    const line = `${MARK[state]} ${matter.padEnd(width)}  ${says}`;
    return mend ? [line, `${" ".repeat(MARK[state].length + width + 3)}${mend}`] : [line];
  });
  return [...lines, "", summary(findings)].join("\n");
}

function summary(findings: readonly Finding[]): string {
  const count = (state: Finding["state"]) => findings.filter((one) => one.state === state).length;
  const [problems, warnings] = [count("problem"), count("warning")];
  if (problems + warnings === 0) return "Everything is well.";
  const said = (n: number, word: string) => `${n} ${word}${n === 1 ? "" : "s"}`;
  return `${said(problems, "problem")}, ${said(warnings, "warning")}.`;
}

/** 1 when something does not work. */
export function findingsStatus(findings: readonly Finding[]): 0 | 1 {
  return findings.some(({ state }) => state === "problem") ? 1 : 0;
}
