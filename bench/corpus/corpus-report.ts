import { median } from "../platform/timings.ts";

/** What became of a project. Times in milliseconds. */
export type Outcome =
  | {
      readonly name: string;
      readonly language: string;
      readonly kind: "works";
      /** From asking for the first build until it has succeeded. */
      readonly coldMs: number;
      /** The same after a line was changed. */
      readonly warmMs: number;
      /** From the end of the first build until the page is there. */
      readonly bootMs: number;
      /** What the package manager's own commands take for the warm build, with their caches; where it was measured. */
      readonly bareMs?: number;
      readonly status: number;
      readonly text: string;
    }
  | {
      readonly name: string;
      readonly language: string;
      /** `untried`: this machine has not what it needs, which says nothing of the platform. */
      readonly kind: "fails" | "untried";
      readonly reason: string;
    };

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;

/** A project on a line: name, cold, warm, boot, answer, or why not. */
export function outcomeLine(outcome: Outcome): string {
  const name = outcome.name.padEnd(28);
  if (outcome.kind !== "works") {
    const word = outcome.kind === "fails" ? "FAIL" : "not tried here";
    return `${name} ${word}: ${gist(outcome.reason)}`;
  }
  const { coldMs, warmMs, bootMs, bareMs, status, text } = outcome;
  const against = bareMs === undefined ? "" : ` (bare ${seconds(bareMs)})`;
  const times = `cold ${seconds(coldMs)}  warm ${seconds(warmMs)}${against}  boot ${seconds(bootMs)}`;
  return `${name} ${times}  ${status} ${JSON.stringify(text)}`;
}

/** Of a build's output the line that says what failed, else the last one. */
function gist(reason: string): string {
  const lines = reason.split("\n").filter((line) => line.trim() !== "");
  const told = lines.find((line) => /^ !\s+\S/.test(line)) ?? lines[0] ?? "";
  return told.replace(/^ !\s+/, "").slice(0, 200);
}

/** The share of those tried that work, and what else is said of all. */
export function summarize(outcomes: readonly Outcome[]) {
  const count = (kind: Outcome["kind"]) => outcomes.filter((one) => one.kind === kind).length;
  const [works, fails, untried] = [count("works"), count("fails"), count("untried")];
  const tried = works + fails;
  const rate = tried === 0 ? 0 : Number(((100 * works) / tried).toFixed(1));
  const ratios = outcomes.flatMap((one) =>
    one.kind === "works" && one.bareMs !== undefined ? one.warmMs / one.bareMs : [],
  );
  const ratio = ratios.length === 0 ? undefined : Number(median(ratios).toFixed(2));
  return {
    ...{ projects: outcomes.length, tried, works, fails, untried, successPercent: rate },
    ...(ratio === undefined ? {} : { warmToBare: ratio }),
  };
}

/** Those of an earlier run stand where this one has not tried the same. */
export function mergeOutcomes<T extends { readonly name: string }>(
  names: readonly string[],
  earlier: readonly T[],
  now: readonly T[],
): readonly T[] {
  const latest = new Map([...earlier, ...now].map((one) => [one.name, one]));
  return names.flatMap((name) => latest.get(name) ?? []);
}
