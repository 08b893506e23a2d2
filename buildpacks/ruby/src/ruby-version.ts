/** What an app says of the Ruby it wants. */
export interface RubyRequirement {
  /** Requirements of the Gemfile, such as `~> 3.1`, all of which Bundler insists on. */
  readonly must: readonly string[];
  /** The very version that the lock file or a version file names; another of its line does for it. */
  readonly preferred?: string | undefined;
  readonly statedIn?: string | undefined;
}

export type RequirementResult =
  | { readonly ok: true; readonly requirement: RubyRequirement }
  | { readonly ok: false; readonly message: string; readonly advice: readonly string[] };

export interface RubyFiles {
  readonly gemfile: string;
  /** RUBY VERSION of the lock file. */
  readonly locked?: string | undefined;
  readonly rubyVersion?: string | undefined;
  readonly toolVersions?: string | undefined;
}

const VERSION = /^\d+(?:\.\d+){0,3}$/;

/**
 * Reads which Ruby is wanted: `ruby "…"` in the Gemfile, made precise by `RUBY VERSION` in the lock file; else
 * `.ruby-version`; else `ruby` in `.tool-versions`.
 */
export function rubyRequirement(files: RubyFiles): RequirementResult {
  const line = /^[ \t]*ruby[ \t(]+(.+)$/m.exec(files.gemfile)?.[1]?.replace(/\s#.*$/, "");
  if (line !== undefined && /\bengine\b/.test(line) && !/engine(?::|["']?\s*=>)\s*["']ruby["']/.test(line)) {
    return {
      ok: false,
      message: "The Gemfile asks for another Ruby than CRuby (engine), and only that is provided.",
      advice: ["Remove engine and engine_version from the line that begins with ruby."],
    };
  }
  const fromFile = /\bfile(?::|["']?\s*=>)\s*["']([^"']+)["']/.exec(line ?? "")?.[1];
  const must = [...(fromFile === undefined ? (line ?? "") : "").matchAll(/["']([^"']+)["']/g)]
    .map(([, text = ""]) => text.trim())
    .filter((text) => /^(?:[<>=!~]*\s*)\d/.test(text));
  const file = versionIn(files.rubyVersion);
  if (fromFile !== undefined && file !== undefined) must.push(file);
  if (must.length > 0) {
    const exact = must.length === 1 && VERSION.test(must[0] ?? "");
    return found({ must, statedIn: "Gemfile", preferred: exact ? undefined : files.locked });
  }
  if (files.locked !== undefined) return found({ must, preferred: files.locked, statedIn: "Gemfile.lock" });
  if (file !== undefined) return found({ must, preferred: file, statedIn: ".ruby-version" });
  const tool = versionIn(/^\s*ruby\s+(\S+)/m.exec(files.toolVersions ?? "")?.[1]);
  if (tool !== undefined) return found({ must, preferred: tool, statedIn: ".tool-versions" });
  return found({ must });
}

function found(requirement: RubyRequirement): RequirementResult {
  return { ok: true, requirement };
}

function versionIn(text: string | undefined): string | undefined {
  const version = text?.trim().replace(/^ruby-/, "");
  return version !== undefined && VERSION.test(version) ? version : undefined;
}

/** Numbers of a version; what follows them does not count. */
function partsOf(version: string): number[] {
  return version.split(".").map((part) => Number.parseInt(part, 10) || 0);
}

/** Below 0 where `a` is the older one. */
export function compareRubies(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether a version meets a requirement of RubyGems' form: `3.1.2`, `= 3.1.2`, `>= 3.0`, `~> 3.1`, `!= 3.1.1`, `< 4`. */
export function meets(version: string, requirement: string): boolean {
  const [, operator = "", wanted = ""] = /^([<>=!~]*)\s*([\d.]+)/.exec(requirement) ?? [];
  const order = compareRubies(version, wanted);
  switch (operator) {
    case ">=":
      return order >= 0;
    case ">":
      return order > 0;
    case "<=":
      return order <= 0;
    case "<":
      return order < 0;
    case "!=":
      return order !== 0;
    case "~>": {
      const parts = partsOf(wanted);
      const fixed = parts.slice(0, Math.max(1, parts.length - 1));
      return order >= 0 && fixed.every((part, i) => partsOf(version)[i] === part);
    }
    default:
      // Bundler takes `ruby "3.1"` for any patch level of it, and a whole version for that alone.
      return partsOf(wanted).length < 3
        ? partsOf(wanted).every((part, i) => partsOf(version)[i] === part)
        : order === 0;
  }
}

export interface ChosenRuby<Offer> {
  readonly offer: Offer;
  /** Whether it is the version that is named, or nothing names one. */
  readonly exact: boolean;
}

/** The one that is preferred where it is there; else the newest of its line; without a preference the newest that fits. */
export function chooseRuby<Offer extends { readonly version: string }>(
  { must, preferred }: RubyRequirement,
  offers: readonly Offer[],
): ChosenRuby<Offer> | undefined {
  const fitting = offers
    .filter(({ version }) => must.every((one) => meets(version, one)))
    .toSorted((a, b) => compareRubies(b.version, a.version));
  if (preferred === undefined) return fitting[0] && { offer: fitting[0], exact: true };
  const same = fitting.find(({ version }) => meets(version, preferred));
  if (same) return { offer: same, exact: true };
  const line = partsOf(preferred).slice(0, 2).join(".");
  const near =
    fitting.find(({ version }) => version.startsWith(`${line}.`)) ??
    (must.length > 0 ? fitting[0] : undefined);
  return near && { offer: near, exact: false };
}
