import { readFile } from "node:fs/promises";
import path from "node:path";
import { BuildFailure } from "../../shared/build-failure.ts";

/** What the buildpack reads of a package.json. */
export interface PackageJson {
  readonly engines?: { readonly node?: string; readonly npm?: string };
  readonly packageManager?: string;
  readonly scripts: Readonly<Record<string, string>>;
  /** The fields that decide what is installed, for a key. */
  readonly installed: Readonly<Record<string, unknown>>;
  readonly hasDependencies: boolean;
}

/** A package-lock.json or npm-shrinkwrap.json. */
export interface LockFile {
  readonly name: string;
  readonly text: string;
  readonly hasDevPackages: boolean;
  /** Workspaces and `file:` dependencies: folders of the app, linked from node_modules by relative paths. */
  readonly hasLinks: boolean;
}

export interface NodeProject {
  readonly packageJson: PackageJson;
  readonly lockFile: LockFile | undefined;
  readonly npmrc: string;
}

const INSTALL_FIELDS = [
  "dependencies",
  "devDependencies",
  "optionalDependencies",
  "peerDependencies",
  "bundleDependencies",
  "bundledDependencies",
  "overrides",
  "workspaces",
] as const;

const DEPENDENCY_FIELDS = [
  "dependencies",
  "devDependencies",
  "optionalDependencies",
  "peerDependencies",
] as const;

/** Lock files of package managers other than npm, and what to do with an app that has one. */
const OTHER_LOCKS: readonly { readonly file: string; readonly manager: string }[] = [
  { file: "yarn.lock", manager: "Yarn" },
  { file: "pnpm-lock.yaml", manager: "pnpm" },
  { file: "bun.lock", manager: "Bun" },
  { file: "bun.lockb", manager: "Bun" },
];

/** Reads what decides the build. Throws a BuildFailure for files that cannot be used. */
export async function readProject(appDir: string): Promise<NodeProject> {
  const packageJson = parsePackageJson((await readIfThere(appDir, "package.json")) ?? "");
  const shrinkwrap = await readIfThere(appDir, "npm-shrinkwrap.json");
  const lock = await readIfThere(appDir, "package-lock.json");
  const lockFile =
    shrinkwrap !== undefined
      ? parseLockFile("npm-shrinkwrap.json", shrinkwrap)
      : lock !== undefined
        ? parseLockFile("package-lock.json", lock)
        : undefined;
  for (const other of OTHER_LOCKS) {
    if ((await readIfThere(appDir, other.file)) !== undefined) refuseOtherManager(other, lockFile);
  }
  return { packageJson, lockFile, npmrc: (await readIfThere(appDir, ".npmrc")) ?? "" };
}

export function parsePackageJson(text: string): PackageJson {
  const value = parseObject("package.json", text);
  const scripts = stringsOf(value.scripts);
  const engines = stringsOf(value.engines);
  const installed: Record<string, unknown> = {};
  for (const field of INSTALL_FIELDS) if (value[field] !== undefined) installed[field] = value[field];
  return {
    ...(typeof value.packageManager === "string" ? { packageManager: value.packageManager } : {}),
    engines,
    scripts,
    installed,
    hasDependencies:
      value.workspaces !== undefined ||
      DEPENDENCY_FIELDS.some((field) => Object.keys(object(value[field])).length > 0),
  };
}

export function parseLockFile(name: string, text: string): LockFile {
  const value = parseObject(name, text);
  // Lock files of npm 7 and later list "packages"; those of npm 5 and 6 a tree of "dependencies".
  const packages = Object.entries(object(value.packages)).filter(([where]) => where !== "");
  const old = Object.values(object(value.dependencies));
  const entries = [...packages.map(([, entry]) => object(entry)), ...old.map(object)];
  return {
    name,
    text,
    hasDevPackages: entries.some((entry) => entry.dev === true || entry.devOptional === true),
    hasLinks: entries.some(
      (entry) =>
        entry.link === true || (typeof entry.version === "string" && entry.version.startsWith("file:")),
    ),
  };
}

function refuseOtherManager(
  other: { readonly file: string; readonly manager: string },
  lock?: LockFile,
): never {
  if (lock !== undefined) {
    throw new BuildFailure(`The app has two lock files, ${lock.name} and ${other.file}.`, [
      "They can disagree about versions. Keep the one of the package manager you use:",
      `  git rm ${other.file} && git commit -m "Use npm"`,
    ]);
  }
  throw new BuildFailure(
    `The app is locked with ${other.manager} (${other.file}). This buildpack builds with npm only.`,
    [
      `Support for ${other.manager} is to come. Until then, lock the app with npm:`,
      `  npm install --package-lock-only && git rm ${other.file}`,
      `  git add package-lock.json && git commit -m "Lock dependencies with npm"`,
    ],
  );
}

function parseObject(name: string, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ""));
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch (thrown) {
    throw new BuildFailure(`${name} is not valid JSON: ${(thrown as Error).message}`, [
      `Correct the file. This shows the place: node -p 'JSON.parse(fs.readFileSync("${name}"))'`,
    ]);
  }
  throw new BuildFailure(`${name} does not hold a JSON object.`, [`Make one with: npm init -y`]);
}

function object(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function stringsOf(value: unknown): Record<string, string> {
  const strings = Object.entries(object(value)).filter(([, text]) => typeof text === "string");
  return Object.fromEntries(strings) as Record<string, string>;
}

function readIfThere(appDir: string, name: string): Promise<string | undefined> {
  return readFile(path.join(appDir, name), "utf8").catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === "ENOENT") return undefined;
    throw new BuildFailure(`${name} cannot be read: ${thrown.message}`, [], thrown);
  });
}
