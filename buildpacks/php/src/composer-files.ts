/** What composer.json and composer.lock say that decides about PHP. */
export interface ComposerFacts {
  /** Constraints on PHP, each with who makes it. */
  readonly php: readonly { readonly constraint: string; readonly by: string }[];
  /** Names of extensions without `ext-`, with who needs them first. */
  readonly extensions: ReadonlyMap<string, string>;
  /** Whether packages are asked for. */
  readonly needsInstall: boolean;
  readonly scripts: readonly string[];
  /** Names of locked packages without those of development. */
  readonly packages: readonly string[];
}

export type ComposerResult =
  | { readonly ok: true; readonly facts: ComposerFacts }
  | { readonly ok: false; readonly message: string; readonly advice: readonly string[] };

/** Larger ones than any app has; characters. */
const LONGEST = 32 * 1024 * 1024;

type Table = Readonly<Record<string, unknown>>;

/** Reads both files; requirements of development do not count. */
export function readComposer(manifest: string | undefined, lockText: string | undefined): ComposerResult {
  if (manifest === undefined) {
    if (lockText === undefined) return { ok: true, facts: NOTHING };
    return refuse("There is a composer.lock and no composer.json.", [
      "Add composer.json, or remove composer.lock.",
    ]);
  }
  const json = parseObject(manifest);
  if (json === undefined)
    return refuse("composer.json is not valid JSON.", ["See what is wrong: composer validate"]);
  const lock = lockText === undefined ? undefined : parseObject(lockText);
  if (lockText !== undefined && lock === undefined) {
    const isMerge = /^(?:<{7}|>{7})/m.test(lockText);
    return refuse(
      `composer.lock is not valid JSON${isMerge ? ": it holds the marks of a merge that was not ended" : ""}.`,
      ["Make it anew from composer.json: composer update --lock && git add composer.lock"],
    );
  }
  const required = stringsOf(json.require);
  const needsInstall = Object.keys(required).some((name) => name.includes("/"));
  if (lock === undefined && needsInstall) {
    return refuse("There is no composer.lock, so that nothing says which versions of packages to install.", [
      "Make it, and see that .gitignore does not name it: composer update && git add composer.lock",
    ]);
  }
  const packages = listOf(lock?.packages);
  const php: { constraint: string; by: string }[] = [];
  const extensions = new Map<string, string>();
  const take = (requires: Readonly<Record<string, string>>, by: string) => {
    for (const [name, constraint] of Object.entries(requires)) {
      if (/^php(?:-64bit)?$/.test(name)) php.push({ constraint, by });
      const extension = /^ext-([\w-]+)$/.exec(name)?.[1]?.toLowerCase();
      if (extension !== undefined && !extensions.has(extension)) extensions.set(extension, by);
    }
  };
  take(required, "composer.json");
  take(stringsOf(lock?.platform), "composer.lock");
  for (const one of packages) take(stringsOf(one.require), String(one.name));
  const scripts = Object.keys((json.scripts ?? {}) as Table);
  return {
    ok: true,
    facts: { php, extensions, needsInstall, scripts, packages: packages.map(({ name }) => String(name)) },
  };
}

const NOTHING: ComposerFacts = {
  ...{ php: [], extensions: new Map(), needsInstall: false, scripts: [], packages: [] },
};

function refuse(message: string, advice: readonly string[]): ComposerResult {
  return { ok: false, message, advice };
}

function parseObject(text: string): Table | undefined {
  if (text.length > LONGEST) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Table)
      : undefined;
  } catch {
    return undefined;
  }
}

function listOf(value: unknown): Table[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "object" && one !== null) : [];
}

/** Composer writes an empty map as a list. */
function stringsOf(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
