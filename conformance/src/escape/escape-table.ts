import type { EscapeKind, EscapeResult } from "./escape-app.ts";

/** What the first page of a platform says it could make of its machine. */
export interface MachineFacts {
  readonly root: boolean;
  readonly cgroups: boolean;
  readonly ownNetwork: boolean;
  readonly filter: boolean;
  readonly userNamespace: boolean;
}

export type Outcome = "no" | "yes" | "bounded";

/** What is expected at one level, by how the code is run and by attempt. */
export type Expected = ReadonlyMap<EscapeKind, ReadonlyMap<string, Outcome>>;

const KINDS: readonly EscapeKind[] = ["build", "release", "dyno", "one-off"];

/** The facts in the rows of the first page; `root` is known to whoever started it. */
export function readFacts(page: string, root: boolean): MachineFacts {
  const enforced = (what: string) => new RegExp(`^ *${what} +enforced `, "m").test(page);
  return {
    root,
    cgroups: enforced("Memory"),
    ownNetwork: enforced("Network"),
    filter: enforced("System calls"),
    userNamespace: /^ *User +enforced +a user namespace/m.test(page),
  };
}

/** The name of the column for such a machine. */
export function columnName({ root, ...has }: MachineFacts): string {
  const lacks = [
    ...(has.filter ? [] : ["no filter"]),
    ...(has.userNamespace ? [] : ["no user namespaces"]),
    ...(has.cgroups ? [] : ["no cgroups"]),
    // An account never has networks for its dynos.
    ...(has.ownNetwork || !root ? [] : ["no network"]),
  ];
  return [root ? "root" : "account", ...lacks].join(", ");
}

/** A row of the table at the start: what is kept apart or limited, and how. */
export interface ProtectionRow {
  readonly what: string;
  readonly state: string;
  readonly detail: string;
}

/** The rows that the first page prints. */
export function pageRows(page: string): readonly ProtectionRow[] {
  const [, after = ""] = page.split("What keeps apps apart and within limits here\n");
  const [rows = ""] = after.split("\n\n");
  return rows.split("\n").flatMap((line) => {
    const [, what = "", state = "", rest = ""] =
      /^ {2}(\S.*?) {2,}(enforced|sampled|absent) +(\S.*)$/.exec(line) ?? [];
    return what ? [{ what, state, detail: rest.replace(/ {2}\(more: .*\)$/, "") }] : [];
  });
}

/** The same rows as the doctor tells them. */
export function doctorRows(text: string): readonly ProtectionRow[] {
  const lines = text.matchAll(/^\S+ +Isolation: (\S.*?) {2,}(enforced|sampled|absent): (.*)$/gm);
  return [...lines].map(([, what = "", state = "", detail = ""]) => ({ what, state, detail }));
}

/**
 * Reads the one table of the guide: a row for each attempt, its name in back quotes in the first column, who makes it in the
 * second, and a column for each level. Throws when there is no such column, or a cell that says something else.
 */
export function readExpected(guide: string, column: string): Expected {
  const rows = guide
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  const [head = [], , ...body] = rows;
  const at = head.indexOf(column);
  if (at < 0) throw new Error(`the guide has no column "${column}", only ${head.slice(2).join(" · ")}`);
  const expected = new Map(KINDS.map((kind) => [kind, new Map<string, Outcome>()]));
  for (const [first = "", who = "", ...cells] of body) {
    const attempt = /`([a-z-]+)`/.exec(first)?.[1];
    const outcome = cells[at - 2];
    if (!attempt) throw new Error(`the row "${first}" names no attempt`);
    if (!isOutcome(outcome)) throw new Error(`"${outcome}" cannot become of ${attempt}`);
    for (const kind of kindsOf(who)) expected.get(kind)?.set(attempt, outcome);
  }
  return expected;
}

function kindsOf(who: string): readonly EscapeKind[] {
  if (who === "all") return KINDS;
  const named = who.split(", ");
  const unknown = named.find((name) => !KINDS.includes(name as EscapeKind));
  if (unknown !== undefined) throw new Error(`nobody is called "${unknown}"`);
  return named as EscapeKind[];
}

const isOutcome = (word: string | undefined): word is Outcome => /^(no|yes|bounded)$/.test(word ?? "");

/** A line for each attempt whose outcome is not the expected one, was not expected at all, or never came. */
export function differences(
  expected: Expected,
  results: readonly EscapeResult[],
  kinds: readonly EscapeKind[] = KINDS,
): readonly string[] {
  return kinds.flatMap((kind) => {
    const wanted = expected.get(kind) ?? new Map<string, Outcome>();
    const there = results.filter((result) => result.escape === kind);
    const wrong = there
      .filter(({ attempt, got }) => got !== "untried" && got !== wanted.get(attempt))
      .map(
        ({ attempt, got, detail }) =>
          `${kind} ${attempt}: ${got} (${detail}), expected ${wanted.get(attempt) ?? "nothing"}`,
      );
    const missing = [...wanted.keys()].filter((name) => !there.some(({ attempt }) => attempt === name));
    return [...wrong, ...missing.map((attempt) => `${kind} ${attempt}: it never came`)];
  });
}
