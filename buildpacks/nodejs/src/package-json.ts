import { BuildFailure } from "../../shared/build-failure.ts";

/** Texts by name, for the fields that hold such. */
type Texts = Readonly<Record<string, string>>;

/** What the buildpack reads of a package.json. */
export interface PackageJson {
  readonly engines: Texts;
  /** `name@version`, as Corepack writes it also with a hash: `name@version+sha512.hex`. */
  readonly packageManager?: string;
  /** `devEngines.packageManager`, its first entry. */
  readonly devManager?: { readonly name: string; readonly version: string };
  /** Versions that Volta pinned. */
  readonly volta: Texts;
  readonly scripts: Texts;
  /** Ranges of what is needed at run time and in development, by name. */
  readonly needs: Texts;
  /** The fields that decide what is installed, for a key. */
  readonly installed: Readonly<Record<string, unknown>>;
  readonly hasDependencies: boolean;
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
  // Settings of pnpm and Yarn.
  ...["resolutions", "pnpm", "dependenciesMeta", "peerDependenciesMeta", "installConfig", "flat"],
] as const;

const DEPENDENCY_FIELDS = [
  "dependencies",
  "devDependencies",
  "optionalDependencies",
  "peerDependencies",
] as const;

/** Throws a BuildFailure for text that is no JSON object. */
export function parsePackageJson(text: string): PackageJson {
  const value = parseObject("package.json", text);
  const installed: Record<string, unknown> = {};
  for (const field of INSTALL_FIELDS) if (value[field] !== undefined) installed[field] = value[field];
  const devManager = devManagerOf(value);
  return {
    ...(typeof value.packageManager === "string" ? { packageManager: value.packageManager } : {}),
    ...(devManager === undefined ? {} : { devManager }),
    engines: stringsOf(value.engines),
    volta: stringsOf(value.volta),
    scripts: stringsOf(value.scripts),
    needs: { ...stringsOf(value.devDependencies), ...stringsOf(value.dependencies) },
    installed,
    hasDependencies:
      value.workspaces !== undefined ||
      DEPENDENCY_FIELDS.some((field) => Object.keys(object(value[field])).length > 0),
  };
}

/** `devEngines.packageManager` of package.json (npm's documentation): an object or a list of them. */
function devManagerOf(value: Record<string, unknown>): PackageJson["devManager"] {
  const stated = object(value.devEngines).packageManager;
  const { name, version } = stringsOf(Array.isArray(stated) ? stated[0] : stated);
  return name === undefined ? undefined : { name, version: version ?? "*" };
}

/** A file that has to hold a JSON object. */
export function parseObject(name: string, text: string): Record<string, unknown> {
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

export function object(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function stringsOf(value: unknown): Record<string, string> {
  const strings = Object.entries(object(value)).filter(([, text]) => typeof text === "string");
  return Object.fromEntries(strings) as Record<string, string>;
}
