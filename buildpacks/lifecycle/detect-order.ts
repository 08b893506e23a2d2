import { type Buildpack, type BuildpackRef, supportsExecEnv } from "./buildpack-descriptor.ts";

export type Group = readonly BuildpackRef[];

/**
 * Groups of component buildpacks to try, in order: composite buildpacks give way to their own groups, depth first,
 * left to right (Buildpack API 0.12, "Order Resolution"). An optional composite is also left out once.
 * `read` finds a buildpack of a group.
 */
export async function resolveOrder(
  order: readonly Group[],
  read: (ref: BuildpackRef) => Promise<Pick<Buildpack, "order">>,
): Promise<Group[]> {
  const groups: Group[] = [];
  for (const group of order) groups.push(...(await resolveGroup(group, read, 0)));
  return groups;
}

async function resolveGroup(
  group: Group,
  read: (ref: BuildpackRef) => Promise<Pick<Buildpack, "order">>,
  depth: number,
): Promise<Group[]> {
  if (depth > 10) throw new Error("composite buildpacks are nested more than ten deep");
  let heads: Group[] = [[]];
  for (const ref of group) {
    const { order } = await read(ref);
    let choices: Group[] = [[ref]];
    if (order.length > 0) {
      choices = [];
      for (const inner of order) choices.push(...(await resolveGroup(inner, read, depth + 1)));
      if (ref.optional) choices.push([]);
    }
    heads = heads.flatMap((head) => choices.map((choice) => [...head, ...choice]));
  }
  return heads;
}

/** Puts the operator's buildpacks around every group; one the group already names is not added again. */
export function withSystemBuildpacks(groups: readonly Group[], before: Group, after: Group): Group[] {
  return groups.map((group) => {
    const missing = (ref: BuildpackRef) => !group.some(({ id }) => id === ref.id);
    return [...before.filter(missing), ...group, ...after.filter(missing)];
  });
}

/** Leaves out what does not take part in an execution environment. A group that is empty then is left out whole. */
export function forExecEnv(groups: readonly Group[], execEnv: string): Group[] {
  return groups
    .map((group) => group.filter((ref) => supportsExecEnv(ref.execEnv, execEnv)))
    .filter((group) => group.length > 0);
}
