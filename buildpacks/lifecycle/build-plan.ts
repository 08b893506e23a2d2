import { type TomlTable, table, tables, text } from "./toml-files.ts";

/** What one buildpack provides and requires, in one of the ways it offers. */
export interface PlanOption {
  readonly provides: readonly string[];
  readonly requires: readonly PlanRequire[];
}

export interface PlanRequire {
  readonly name: string;
  readonly metadata: TomlTable;
}

/** A buildpack that passed detection, with the ways it offers to take part in a plan. */
export interface PlanMember {
  readonly id: string;
  readonly version: string;
  readonly optional: boolean;
  readonly options: readonly PlanOption[];
}

export interface PlanEntry {
  readonly providers: readonly { readonly id: string; readonly version: string }[];
  readonly requires: readonly PlanRequire[];
}

/** A plan that holds, with the members that take part. */
export interface ResolvedPlan {
  readonly members: readonly PlanMember[];
  readonly entries: readonly PlanEntry[];
}

/** Reads what a `bin/detect` wrote: the top level, then each `or` (Buildpack API 0.12, "Build Plan"). */
export function readPlanOptions(file: TomlTable): PlanOption[] {
  return [file, ...tables(file.or)].map((section) => ({
    provides: tables(section.provides).map((entry) => text(entry.name)),
    requires: tables(section.requires).map((entry) => ({
      name: text(entry.name),
      metadata: table(entry.metadata),
    })),
  }));
}

/**
 * Tries the options of all members, left to right and depth first, until everything required is provided before
 * or by the one who requires it, and everything provided is required by or after the one who provides it. Optional
 * members that stand in the way are left out. Says why the first trial failed when none holds.
 */
export function resolvePlan(members: readonly PlanMember[]): ResolvedPlan | { readonly problem: string } {
  let problem: string | undefined;
  for (const chosen of choices(members, 0)) {
    const trial = tryPlan(members, chosen);
    if (!("problem" in trial)) return trial;
    problem ??= trial.problem;
  }
  return { problem: problem ?? "no buildpack passed" };
}

function* choices(members: readonly PlanMember[], from: number): Generator<PlanOption[]> {
  const member = members[from];
  if (!member) return yield [];
  for (const option of member.options) for (const rest of choices(members, from + 1)) yield [option, ...rest];
}

interface Taking {
  readonly member: PlanMember;
  readonly option: PlanOption;
}

function tryPlan(members: readonly PlanMember[], chosen: readonly PlanOption[]) {
  let taking: Taking[] = members.flatMap((member, i) => {
    const option = chosen[i];
    return option ? [{ member, option }] : [];
  });
  for (let bad = firstObstacle(taking); bad; bad = firstObstacle(taking)) {
    if (!bad.taking.member.optional) return { problem: bad.reason };
    const out = bad.taking;
    taking = taking.filter((one) => one !== out);
  }
  if (taking.length === 0) return { problem: "no buildpack is left in the group" };
  return { members: taking.map(({ member }) => member), entries: planEntries(taking) };
}

function firstObstacle(taking: readonly Taking[]): { taking: Taking; reason: string } | undefined {
  for (const [i, one] of taking.entries()) {
    const { id } = one.member;
    const unmet = one.option.requires.find(
      ({ name }) => !taking.slice(0, i + 1).some(({ option }) => option.provides.includes(name)),
    );
    if (unmet) return { taking: one, reason: `${id} requires ${unmet.name}, which nothing provides` };
    const unused = one.option.provides.find(
      (name) => !taking.slice(i).some(({ option }) => option.requires.some((r) => r.name === name)),
    );
    if (unused) return { taking: one, reason: `${id} provides ${unused}, which nothing requires` };
  }
  return undefined;
}

function planEntries(taking: readonly Taking[]): PlanEntry[] {
  const names = [...new Set(taking.flatMap(({ option }) => option.requires.map(({ name }) => name)))];
  return names.map((name) => ({
    providers: taking
      .filter(({ option }) => option.provides.includes(name))
      .map(({ member: { id, version } }) => ({ id, version })),
    requires: taking.flatMap(({ option }) => option.requires.filter((r) => r.name === name)),
  }));
}

/** The entries a buildpack is asked for: those it provides (Buildpack API 0.12, "Buildpack Plan"). */
export function planFor(entries: readonly PlanEntry[], id: string): PlanRequire[] {
  return entries.filter(({ providers }) => providers.some((p) => p.id === id)).flatMap((e) => e.requires);
}

/** The entries left for later buildpacks: those it does not provide, and those it says it has not met. */
export function withoutMet(entries: readonly PlanEntry[], id: string, unmet: readonly string[]): PlanEntry[] {
  return entries.flatMap((entry) => {
    if (!entry.providers.some((p) => p.id === id)) return [entry];
    if (!entry.requires.some(({ name }) => unmet.includes(name))) return [];
    const after = entry.providers.findIndex((p) => p.id === id) + 1;
    return [{ ...entry, providers: entry.providers.slice(after) }];
  });
}
