import { parse, stringify } from "smol-toml";
import { invalidParams } from "../../../kernel/index.ts";
import type { OwnBuildpack } from "./own-buildpack.ts";
import type { NamedBuildpack, ProjectDescriptor, WantedBuildpack } from "./project-descriptor.ts";

/** A buildpack that this platform has. */
export interface AvailableBuildpack {
  readonly id: string;
  readonly version: string;
}

interface Reference extends AvailableBuildpack {
  readonly optional?: boolean;
}

/**
 * The `order.toml` of one build: the platform's own order, or the group that the source's `project.toml` lists, with
 * the buildpacks it wants before and after. Throws invalid_params for a buildpack that is not there.
 * `own` tells what became of those that the source names by address or brings itself.
 * Heroku's names of buildpacks (`heroku/nodejs`) stand for ours of the same last name.
 */
export function makeOrder(
  ownOrder: string,
  available: readonly AvailableBuildpack[],
  descriptor: ProjectDescriptor,
  own: ReadonlyMap<OwnBuildpack, AvailableBuildpack> = new Map(),
): string {
  const find = (wanted: WantedBuildpack) => {
    if (!("kind" in wanted)) return findBuildpack(available, wanted);
    const placed = own.get(wanted);
    if (!placed) throw new Error("a buildpack of the source was not placed");
    return placed;
  };
  const around = (group: readonly object[]) => ({
    group: [...descriptor.before.map(find), ...group, ...descriptor.after.map(find)],
  });
  if (descriptor.group) return stringify({ order: [around(descriptor.group.map(find))] });
  if (descriptor.before.length + descriptor.after.length === 0) return ownOrder;
  const { order, ...more } = parse(ownOrder) as unknown as { order: { group: Reference[] }[] };
  return stringify({ ...more, order: order.map(({ group }) => around(group)) });
}

function findBuildpack(
  available: readonly AvailableBuildpack[],
  { id, version }: NamedBuildpack,
): AvailableBuildpack {
  const named = available.filter((buildpack) => buildpack.id === id);
  const alias = id.startsWith("heroku/") ? id.slice("heroku".length) : undefined;
  const standing = alias && named.length === 0 ? available.filter((one) => one.id.endsWith(alias)) : [];
  const ofId = [...named, ...standing];
  // What stands for another has versions of its own.
  const found = standing[0] ?? named.find((buildpack) => !version || buildpack.version === version);
  if (found) return { id: found.id, version: found.version };
  const known = available.map((buildpack) => buildpack.id).sort();
  const what = ofId.length > 0 ? `version ${version} of the buildpack ${id}` : `the buildpack ${id}`;
  throw invalidParams(
    `project.toml asks for ${what}, which is not there. There are: ${[...new Set(known)].join(", ")}.`,
  );
}
