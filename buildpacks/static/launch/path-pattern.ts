/** Which paths a rule is for, as the file that holds the rule writes it. */
export interface PathPattern {
  /**
   * `any`: `*` stands for anything (project.toml). `segments`: `*` is within a segment, `**` anything (static.json).
   * `named`: `:name` is a segment and `*` anything (`_headers`, `_redirects`).
   */
  readonly syntax: "any" | "segments" | "named";
  readonly text: string;
}

/** What wildcards stand for by their names, `splat` for a star; undefined when the path is another. */
export type PathMatcher = (path: string) => Readonly<Record<string, string>> | undefined;

type Token =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "segment" | "any"; readonly name: string };

/** Longer paths are matched by patterns that take everything, and by no others. */
const LONGEST_PATH = 1024;

/** A matcher for decoded paths. Its time grows with the lengths of path and pattern, whatever they hold. */
export function pathMatcher(pattern: PathPattern): PathMatcher {
  const tokens = tokensOf(pattern);
  const [first, ...rest] = tokens;
  const takesAll = first?.kind === "any" && rest.length === 0;
  const [before, last] = [tokens.at(-2), tokens.at(-1)];
  // `/docs/*` is meant for `/docs`, too.
  const isFolder = last?.kind === "any" && before?.kind === "text" && before.text.endsWith("/");
  const match = (path: string) =>
    first?.kind === "text" && !path.startsWith(first.text) ? undefined : capture(tokens, path);
  return (path) => {
    if (takesAll) return { [first.name]: path };
    if (path.length > LONGEST_PATH) return undefined;
    return match(path) ?? (isFolder && !path.endsWith("/") ? match(`${path}/`) : undefined);
  };
}

function tokensOf({ syntax, text }: PathPattern): readonly Token[] {
  const wildcards = syntax === "named" ? /\*|:[A-Za-z_]\w*/g : /\*+/g;
  const tokens: Token[] = [];
  let end = 0;
  for (const match of text.matchAll(wildcards)) {
    if (match.index > end) tokens.push({ kind: "text", text: text.slice(end, match.index) });
    const [found] = match;
    if (found.startsWith(":")) tokens.push({ kind: "segment", name: found.slice(1) });
    else tokens.push({ kind: syntax === "segments" && found === "*" ? "segment" : "any", name: "splat" });
    end = match.index + found.length;
  }
  if (end < text.length) tokens.push({ kind: "text", text: text.slice(end) });
  return tokens;
}

/** Matches the whole path, each wildcard as much as it can; a named segment is never empty. */
function capture(tokens: readonly Token[], path: string): Record<string, string> | undefined {
  const fits = fitTable(tokens, path);
  if (!fits[0]?.[0]) return undefined;
  const found: Record<string, string> = {};
  let at = 0;
  for (const [i, token] of tokens.entries()) {
    const start = at;
    if (token.kind === "text") at += token.text.length;
    else {
      const end = token.kind === "any" ? path.length : segmentEnd(path, at);
      at = end;
      while (at > start && !fits[i + 1]?.[at]) at--;
      found[token.name] = path.slice(start, at);
      if (token.name !== "splat" && at === start) return undefined;
    }
  }
  return found;
}

/** For each token and position, whether the tokens from there on take the rest of the path. */
function fitTable(tokens: readonly Token[], path: string): readonly (readonly boolean[])[] {
  const rows: boolean[][] = [];
  rows[tokens.length] = Array.from({ length: path.length + 1 }, (_, at) => at === path.length);
  for (let i = tokens.length - 1; i >= 0; i--) {
    const [token, after] = [tokens[i], rows[i + 1] ?? []];
    const row: boolean[] = new Array(path.length + 1).fill(false);
    for (let at = path.length; at >= 0; at--) {
      if (token?.kind === "text")
        row[at] = path.startsWith(token.text, at) && (after[at + token.text.length] ?? false);
      else {
        const goesOn = at < path.length && (token?.kind === "any" || path[at] !== "/");
        row[at] = (after[at] ?? false) || (goesOn && (row[at + 1] ?? false));
      }
    }
    rows[i] = row;
  }
  return rows;
}

function segmentEnd(path: string, at: number): number {
  const slash = path.indexOf("/", at);
  return slash < 0 ? path.length : slash;
}
