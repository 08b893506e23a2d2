import { maxSatisfying, satisfies, valid } from "semver";
import { BuildFailure } from "../../shared/build-failure.ts";
import { versionsToOffer } from "../../shared/node-version.ts";
import type { ManagerChoice, ManagerKind } from "./choose-packager.ts";
import { lockFormat } from "./lock-file.ts";

interface Pin {
  /** The versions of Node.js it runs on, by its own `engines`. */
  readonly node: string;
  /** The oldest form of lock file it installs from without wanting to rewrite it. */
  readonly format?: number;
  readonly version: string;
}

/**
 * The manager that builds an app unless it asks for another: the first line that runs on its Node.js and takes its
 * lock file as it is; the last of the list when none does. pnpm 11 and later want settings that older projects lack, so
 * only those that ask get them.
 */
const PINNED: Readonly<Record<ManagerKind, readonly Pin[]>> = {
  npm: [
    { node: "^20.17.0 || >=22.9.0", version: "11.6.2" },
    { node: "^18.17.0 || >=20.5.0", version: "10.9.4" },
    { node: "^14.17.0 || ^16.13.0 || >=18.0.0", version: "9.9.4" },
    { node: "*", version: "6.14.18" },
  ],
  pnpm: [
    { node: ">=18.12", format: 9, version: "10.34.9" },
    { node: ">=16.14", format: 6, version: "8.15.9" },
    { node: "*", version: "7.33.7" },
  ],
  yarn: [{ node: "*", version: "1.22.22" }],
  berry: [
    { node: ">=18.12", format: 10, version: "4.18.1" },
    { node: ">=18.12", format: 9, version: "4.14.1" },
    { node: ">=18.12", format: 7, version: "4.13.0" },
    { node: ">=14.15", format: 6, version: "3.8.7" },
    { node: ">=14.15", format: 5, version: "3.1.1" },
    { node: "*", version: "2.4.2" },
  ],
};

/** The npm package that a manager's program comes in. */
export const PACKAGES: Readonly<Record<ManagerKind, string>> = {
  npm: "npm",
  pnpm: "pnpm",
  yarn: "yarn",
  berry: "@yarnpkg/cli-dist",
};

/** The name people call its program by. */
export const PROGRAMS = { npm: "npm", pnpm: "pnpm", yarn: "yarn", berry: "yarn" } as const;
const NAMES = { npm: "npm", pnpm: "pnpm", yarn: "Yarn", berry: "Yarn" } as const;

export const nameOf = (kind: ManagerKind): string => NAMES[kind];

export function pinnedVersion(
  { kind, lock }: Pick<ManagerChoice, "kind" | "lock">,
  nodeVersion: string,
): string {
  const format = lock && lockFormat(lock);
  const fits = ({ node, format: oldest }: Pin) =>
    satisfies(nodeVersion, node) && (format === undefined || oldest === undefined || format >= oldest);
  const pins = PINNED[kind];
  return (pins.find(fits) ?? (pins.at(-1) as Pin)).version;
}

/**
 * The version of the manager to build with. The registry is asked (`versions`) only when neither the pinned version
 * nor the one that the last build kept is what the app asks for.
 */
export async function chooseManagerVersion(
  choice: Pick<ManagerChoice, "kind" | "lock" | "asked">,
  { nodeVersion, kept }: { readonly nodeVersion: string; readonly kept: string | undefined },
  versions: () => Promise<readonly string[]>,
): Promise<string> {
  const pinned = pinnedVersion(choice, nodeVersion);
  const { asked, kind } = choice;
  if (asked === undefined || satisfies(pinned, asked.range)) return pinned;
  const exact = valid(asked.range);
  if (exact !== null) return exact;
  if (kept !== undefined && satisfies(kept, asked.range)) return kept;
  const available = await versions();
  const version = maxSatisfying(available, asked.range);
  if (version !== null) return version;
  const name = nameOf(kind);
  throw new BuildFailure(`No ${name} version fits ${asked.range} (${asked.statedIn}).`, [
    `Versions that are to be had: ${versionsToOffer(asked.range, available).join(", ")} and others.`,
    `Leave it out to build with ${name} ${pinned}.`,
  ]);
}
