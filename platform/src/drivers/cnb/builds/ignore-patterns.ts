/**
 * A matcher for a list of patterns in the form of gitignore(5): the last pattern that matches decides, `!` takes back,
 * a `/` anywhere but at the end ties the pattern to the root, a `/` at the end means folders only.
 * The matcher is asked for a path itself; asking for the folders above it is the caller's.
 */
export function matchPatterns(patterns: readonly string[]): (path: string, isFolder: boolean) => boolean {
  const rules = patterns.flatMap((pattern) => {
    const rule = compilePattern(pattern);
    return rule ? [rule] : [];
  });
  return (path, isFolder) => {
    let matched = false;
    for (const { negated, foldersOnly, pattern } of rules)
      if ((isFolder || !foldersOnly) && pattern.test(path)) matched = !negated;
    return matched;
  };
}

interface Rule {
  readonly negated: boolean;
  readonly foldersOnly: boolean;
  readonly pattern: RegExp;
}

function compilePattern(line: string): Rule | undefined {
  let rest = line.replace(/(?<!\\)\s+$/, "");
  if (rest === "" || rest.startsWith("#")) return undefined;
  const negated = rest.startsWith("!");
  if (negated) rest = rest.slice(1);
  const foldersOnly = rest.endsWith("/");
  if (foldersOnly) rest = rest.slice(0, -1);
  const tied = rest.includes("/");
  if (rest.startsWith("/")) rest = rest.slice(1);
  const head = tied ? "^" : "^(?:.*/)?";
  return { negated, foldersOnly, pattern: new RegExp(`${head}${globToPattern(rest)}$`) };
}

/** What a glob is made of: an escaped character, a class, `**` in its three places, wildcards, anything special. */
const PIECES =
  /\\(?<escaped>.)|\[(?<not>[!^]?)(?<class>[^\]]+)\]|(?<before>^|\/)\*\*\/|\/\*\*$|\*+|\?|[.+^${}()|[\]\\]/g;

function globToPattern(glob: string): string {
  return glob.replace(PIECES, (...parts) => {
    const groups = parts.at(-1) as Record<"escaped" | "not" | "class" | "before", string | undefined>;
    const whole = parts[0] as string;
    if (groups.escaped !== undefined) return `\\${groups.escaped}`;
    if (groups.class !== undefined)
      return `[${groups.not ? "^/" : ""}${groups.class.replaceAll("\\", "\\\\")}]`;
    if (whole === "/**") return "/.+";
    if (whole.endsWith("**/")) return `${groups.before}(?:.*/)?`;
    if (whole.startsWith("*")) return "[^/]*";
    return whole === "?" ? "[^/]" : `\\${whole}`;
  });
}
