import { compareGo, compareLines, type GoRequirement, type GoVersion, parseGoVersion } from "./go-version.ts";

/** What this buildpack reads of a go.mod or go.work (golang.org/ref/mod, "go.mod files" and "Workspaces"). */
export interface GoModFile {
  readonly module?: string;
  /** The text behind `go`. */
  readonly go?: string;
  /** The text behind `toolchain`. */
  readonly toolchain?: string;
  /** The text behind `// +heroku goVersion`, as in Heroku's buildpack. */
  readonly herokuVersion?: string;
  /** The words behind `// +heroku install`. */
  readonly herokuInstall?: readonly string[];
}

/** Reads statements of one line; blocks in parentheses hold none of those above. Never fails: Go itself judges the file. */
export function readGoMod(text: string): GoModFile {
  const file: { -readonly [K in keyof GoModFile]: GoModFile[K] } = {};
  for (const line of text.split(/\r?\n/)) {
    const heroku = /^\s*\/\/\s*\+heroku\s+(\S+)\s+(.+?)\s*$/.exec(line);
    if (heroku?.[1] === "goVersion") file.herokuVersion ??= heroku[2];
    if (heroku?.[1] === "install") file.herokuInstall ??= heroku[2]?.split(/\s+/);
    const statement = /^\s*(module|go|toolchain)\s+("[^"]*"|`[^`]*`|[^\s(]+)\s*(?:\/\/.*)?$/.exec(line);
    const value = statement?.[2]?.replace(/^["`]|["`]$/g, "");
    if (value === undefined) continue;
    if (statement?.[1] === "module") file.module ??= value;
    if (statement?.[1] === "go") file.go ??= value;
    if (statement?.[1] === "toolchain") file.toolchain ??= value;
  }
  return file;
}

export interface GoStatements {
  readonly goMod?: GoModFile;
  readonly goWork?: GoModFile;
}

export type GoRequirementResult =
  | { readonly ok: true; readonly requirement: GoRequirement }
  | { readonly ok: false; readonly text: string; readonly statedIn: string };

/** From this line on the `go` line is what Go holds a module to; before it was a hint (go.dev/doc/toolchain). */
const STRICT_FROM: GoVersion["line"] = [1, 21];

/**
 * What an app asks for: a `// +heroku goVersion` comment, else a `toolchain` line that names a newer one than the `go`
 * line, else the `go` line's line in its newest patch level. A workspace's go.work comes before the go.mod beside it.
 */
export function goRequirement({ goMod, goWork }: GoStatements): GoRequirementResult {
  const files = [
    { name: "go.work", file: goWork },
    { name: "go.mod", file: goMod },
  ].flatMap(({ name, file }) => (file === undefined ? [] : [{ name, file }]));
  const go = firstOf(files, ({ go: text }) => text);
  const line = go && parseGoVersion(go.text);
  const least = line && compareLines(line.line, STRICT_FROM) >= 0 ? line : undefined;
  const comment = firstOf(files, ({ herokuVersion }) => herokuVersion);
  if (comment !== undefined) {
    const wanted = parseGoVersion(comment.text);
    const statedIn = `${comment.name}, // +heroku goVersion`;
    if (wanted === undefined) return { ok: false, text: comment.text, statedIn };
    const form = wanted.isExact ? "exact" : "line";
    return found({ wanted, form, stated: `Go ${wanted.text}`, statedIn, newerLines: false }, least);
  }
  if (go === undefined) return { ok: true, requirement: { form: "newest", newerLines: true } };
  if (line === undefined) return { ok: false, text: go.text, statedIn: `the go line of ${go.name}` };
  const chain = firstOf(files, ({ toolchain }) => toolchain);
  const wanted = chain && parseGoVersion(chain.text);
  if (chain && wanted?.isExact && compareGo(wanted, line) >= 0) {
    const statedIn = `the toolchain line of ${chain.name}`;
    return found({ wanted, form: "exact", stated: `Go ${wanted.text}`, statedIn, newerLines: true }, least);
  }
  const statedIn = `the go line of ${go.name}`;
  const candidate = line.patch < 0;
  const form = candidate ? "exact" : "line";
  return found({ wanted: line, form, stated: `Go ${line.text}`, statedIn, newerLines: true }, least);
}

function found(requirement: GoRequirement, least: GoVersion | undefined): GoRequirementResult {
  return { ok: true, requirement: least === undefined ? requirement : { ...requirement, least } };
}

function firstOf(
  files: readonly { readonly name: string; readonly file: GoModFile }[],
  pick: (file: GoModFile) => string | undefined,
): { readonly name: string; readonly text: string } | undefined {
  for (const { name, file } of files) {
    const text = pick(file);
    if (text !== undefined) return { name, text };
  }
  return undefined;
}
