import { type Buildpack, type BuildpackRef, supportsExecEnv } from "./buildpack-descriptor.ts";

export type Group = readonly BuildpackRef[];

/**
 * Groups of component buildpacks to try, in order: composite buildpacks give way to their own groups, depth first,
 * left to right (Buildpack API 0.12, "Order Resolution"). An optional composite is also left out once. What does not
 * take part in the execution environment is left out, composites with all they hold, and a buildpack that a group
 * already has is not added to it again. `read` finds a buildpack of a group.
 */
export async function resolveOrder(
  order: readonly Group[],
  read: (ref: BuildpackRef) => Promise<Pick<Buildpack, "order" | "execEnv">>,
  execEnv: string,
): Promise<Group[]> {
  const groups: Group[] = [];
  for (const group of order) groups.push(...(await resolveGroup(group, { read, execEnv }, 0)));
  return groups.map(withoutRepeats).filter((group) => group.length > 0);
}

async function resolveGroup(
  group: Group,
  from: { read: Parameters<typeof resolveOrder>[1]; execEnv: string },
  depth: number,
): Promise<Group[]> {
  if (depth > 10) throw new Error("composite buildpacks are nested more than ten deep");
  let heads: Group[] = [[]];
  for (const ref of group) {
    if (!supportsExecEnv(ref.execEnv, from.execEnv)) continue;
    const { order, execEnv } = await from.read(ref);
    if (!supportsExecEnv(execEnv, from.execEnv)) continue;
    let choices: Group[] = [[ref]];
    if (order.length > 0) {
      choices = [];
      for (const inner of order) choices.push(...(await resolveGroup(inner, from, depth + 1)));
      if (ref.optional) choices.push([]);
    }
    heads = heads.flatMap((head) => choices.map((choice) => [...head, ...choice]));
  }
  return heads;
}

/** A buildpack has one folder of layers, so it builds once; where a group names it first is its place. */
function withoutRepeats(group: Group): Group {
  const byId = new Map<string, BuildpackRef>();
  for (const ref of group) {
    const first = byId.get(ref.id) ?? ref;
    byId.set(ref.id, { ...first, optional: first.optional && ref.optional });
  }
  return [...byId.values()];
}

/** Puts the operator's buildpacks around every group; one the group already names is not added again. */
export function withSystemBuildpacks(groups: readonly Group[], before: Group, after: Group): Group[] {
  return groups.map((group) => {
    const missing = (ref: BuildpackRef) => !group.some(({ id }) => id === ref.id);
    return [...before.filter(missing), ...group, ...after.filter(missing)];
  });
}
