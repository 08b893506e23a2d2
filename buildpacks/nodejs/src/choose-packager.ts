import { minVersion, valid, validRange } from "semver";
import { BuildFailure } from "../../shared/build-failure.ts";
import { type LockFile, lockFormat } from "./lock-file.ts";
import type { PackageJson } from "./package-json.ts";

/** `yarn` is Yarn 1, `berry` Yarn 2 and later: two programs that share a name and a lock file's name. */
export type ManagerKind = "npm" | "pnpm" | "yarn" | "berry";
type Brand = "npm" | "pnpm" | "yarn" | "bun";

/** A version or range of the manager that the app states, and where. */
export interface ManagerRequirement {
  readonly range: string;
  readonly statedIn: string;
  /** What Corepack wrote behind the version: algorithm and hexadecimal digest. */
  readonly hash?: { readonly algorithm: string; readonly digest: string };
}

export interface ManagerChoice {
  readonly kind: ManagerKind;
  /** The lock file to install by. */
  readonly lock: Pick<LockFile, "name" | "text"> | undefined;
  readonly asked: ManagerRequirement | undefined;
  /** What decided, for the log. */
  readonly reason: string;
  readonly warnings: readonly string[];
}

/** What lies beside package.json. Texts by file name; only those that are there. */
export type ManagerFiles = Readonly<Record<string, string | undefined>>;

/** Lock files by manager; of npm's two, a shrinkwrap goes first as npm has it. */
export const LOCK_FILES: readonly { readonly name: string; readonly brand: Brand }[] = [
  { name: "npm-shrinkwrap.json", brand: "npm" },
  { name: "package-lock.json", brand: "npm" },
  { name: "pnpm-lock.yaml", brand: "pnpm" },
  { name: "yarn.lock", brand: "yarn" },
  { name: "bun.lock", brand: "bun" },
  { name: "bun.lockb", brand: "bun" },
];

const NAMES: Readonly<Record<Brand, string>> = { npm: "npm", pnpm: "pnpm", yarn: "Yarn", bun: "Bun" };
const COREPACK = /^(npm|pnpm|yarn|bun)(?:@([^+]+)(?:\+(\w+)\.([0-9a-fA-F]+))?)?/;

interface Stated extends ManagerRequirement {
  readonly brand: Brand;
}

/**
 * Which package manager builds the app. The lock file decides; where there are those of several managers,
 * `packageManager` (or `devEngines`) does; without a lock file that, then Volta's and `engines`' fields, then settings
 * files, then npm. Throws a BuildFailure that says which file to delete, or what to do about Bun.
 */
export function chooseManager(packageJson: PackageJson, files: ManagerFiles): ManagerChoice {
  const stated = statedManager(packageJson);
  const locks = LOCK_FILES.filter(({ name }) => files[name] !== undefined);
  const brands = [...new Set(locks.map(({ brand }) => brand))];
  if (brands.length > 1 && !brands.includes(stated?.brand as Brand)) throw twoLocks(locks);
  const brand =
    brands.length > 1 ? (stated?.brand as Brand) : (brands[0] ?? withoutLock(packageJson, files, stated));
  const own = locks.find((lock) => lock.brand === brand);
  if (brand === "bun") throw bunLock(own?.name);
  const lock = own && { name: own.name, text: files[own.name] ?? "" };
  const asked = requirementOf(packageJson, brand, stated);
  return {
    kind: brand === "yarn" ? yarnKind(asked, { lock, files }) : brand,
    lock,
    asked,
    reason: own?.name ?? (asked ? asked.statedIn : "the default"),
    warnings: warningsOf(brand, { stated, locks, own: own?.name }),
  };
}

function warningsOf(
  brand: Brand,
  found: {
    readonly stated?: Stated | undefined;
    readonly locks: typeof LOCK_FILES;
    readonly own?: string | undefined;
  },
): string[] {
  const { stated, locks, own } = found;
  const others = locks.filter((lock) => lock.brand !== brand).map(({ name }) => name);
  if (others.length > 0) {
    return [
      `There are lock files of several package managers. ${stated?.statedIn} says ${brand}, so ${own} is used. Remove the other: git rm ${others.join(" ")}`,
    ];
  }
  if (stated === undefined || stated.brand === brand || own === undefined) return [];
  return [
    `${stated.statedIn} says ${stated.brand}, but the app is locked with ${NAMES[brand]} (${own}), which is used. Make them agree: remove the field, or the lock file.`,
  ];
}

/** What Corepack would read. */
function statedManager({ packageManager, devManager }: PackageJson): Stated | undefined {
  const [, brand, version, algorithm, digest] = COREPACK.exec(packageManager?.trim() ?? "") ?? [];
  if (brand !== undefined) {
    return {
      brand: brand as Brand,
      range: version ?? "*",
      statedIn: "packageManager in package.json",
      ...(algorithm && digest ? { hash: { algorithm, digest: digest.toLowerCase() } } : {}),
    };
  }
  if (devManager === undefined || !(devManager.name in NAMES)) return undefined;
  const statedIn = "devEngines.packageManager in package.json";
  return { brand: devManager.name as Brand, range: devManager.version, statedIn };
}

/** The first statement about this manager: Corepack's, Volta's, `engines`. Throws for what is no version or range. */
function requirementOf(
  { engines, volta }: PackageJson,
  brand: Exclude<Brand, "bun">,
  stated: Stated | undefined,
): ManagerRequirement | undefined {
  const places: (ManagerRequirement | undefined)[] = [
    stated?.brand === brand ? stated : undefined,
    volta[brand] ? { range: volta[brand], statedIn: `volta.${brand} in package.json` } : undefined,
    engines[brand]?.trim()
      ? { range: engines[brand], statedIn: `engines.${brand} in package.json` }
      : undefined,
  ];
  const first = places.find((place) => place !== undefined);
  if (first === undefined) return undefined;
  // Names that Yarn's own `set version` takes.
  const tag = brand === "yarn" ? { classic: "1.x", berry: ">=2", stable: ">=2" }[first.range] : undefined;
  const range = tag ?? first.range;
  if (validRange(range) === null) {
    throw new BuildFailure(`"${range}" is no version or range of ${NAMES[brand]} (${first.statedIn}).`, [
      brand === "npm"
        ? 'A range looks like "10.x" or ">=9".'
        : 'A range looks like "9.x"; an exact version like "9.15.9".',
    ]);
  }
  return { range, statedIn: first.statedIn, ...(first.hash && valid(range) ? { hash: first.hash } : {}) };
}

function withoutLock(
  { engines, volta }: PackageJson,
  files: ManagerFiles,
  stated: Stated | undefined,
): Brand {
  if (stated !== undefined) return stated.brand;
  const named = (["pnpm", "yarn"] as const).find((brand) => volta[brand] || engines[brand]);
  if (named !== undefined && !engines.npm) return named;
  if (files[".yarnrc.yml"] !== undefined) return "yarn";
  return files["pnpm-workspace.yaml"] === undefined ? "npm" : "pnpm";
}

/** The version that is asked for tells; a range that allows both, or none, leaves it to the lock file's form. */
function yarnKind(
  asked: ManagerRequirement | undefined,
  { lock, files }: { readonly lock: ManagerChoice["lock"]; readonly files: ManagerFiles },
): "yarn" | "berry" {
  if (asked && valid(asked.range) !== null)
    return (minVersion(asked.range)?.major ?? 1) >= 2 ? "berry" : "yarn";
  if (lock) return lockFormat(lock) === undefined && lock.text.trim() !== "" ? "yarn" : "berry";
  if (files[".yarnrc.yml"] !== undefined) return "berry";
  return asked && (minVersion(asked.range)?.major ?? 1) >= 2 ? "berry" : "yarn";
}

function twoLocks(locks: typeof LOCK_FILES): BuildFailure {
  const names = [...new Map(locks.map((lock) => [lock.brand, lock.name])).values()];
  const [keep, ...others] = names;
  const word = names.length === 2 ? "two" : String(names.length);
  return new BuildFailure(`The app has ${word} lock files, ${names.join(" and ")}.`, [
    "They can disagree about versions. Keep the one of the package manager you use. To keep the first:",
    `  git rm ${others.join(" ")} && git commit -m "Keep ${keep}"`,
    'Or say in package.json which one counts: "packageManager": "npm@11.6.2"',
  ]);
}

function bunLock(name: string | undefined): BuildFailure {
  const where = name === undefined ? "packageManager in package.json" : name;
  return new BuildFailure(
    `The app is locked with Bun (${where}). Bun is not supported: apps run on Node.js.`,
    [
      "When the app also runs on Node.js, lock it with npm:",
      ...(name === undefined
        ? ["  npm pkg delete packageManager && npm install --package-lock-only"]
        : [`  npm install --package-lock-only && git rm ${name}`]),
      '  git add package.json package-lock.json && git commit -m "Lock dependencies with npm"',
      "An app that calls Bun's own functions needs a buildpack or an image that brings Bun.",
    ],
  );
}
