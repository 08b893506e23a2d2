import { isSince } from "./go-environment.ts";
import type { GoStatements } from "./go-mod-file.ts";
import { compareLines, parseGoVersion } from "./go-version.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The packages that the app says to build: GO_INSTALL_PACKAGE_SPEC, or the comment `// +heroku install` of go.work or
 * go.mod, both as in Heroku's buildpack. Undefined where it does not say. Words that are flags are left out.
 */
export function listPatterns(
  { goMod, goWork }: GoStatements,
  env: Environment,
): readonly string[] | undefined {
  const spec = env.GO_INSTALL_PACKAGE_SPEC?.trim();
  const words = spec ? spec.split(/\s+/) : (goWork?.herokuInstall ?? goMod?.herokuInstall);
  const patterns = words?.filter((word) => !word.startsWith("-"));
  return patterns !== undefined && patterns.length > 0 ? patterns : undefined;
}

/**
 * The flags of `go install`: no path and no state of version control in binaries, so that the same source gives the
 * same ones; the tag `heroku`, and GO_LINKER_SYMBOL with GO_LINKER_VALUE, as in Heroku's buildpack.
 */
export function installArguments({
  version,
  statements,
  isVendored,
  env,
}: {
  readonly version: string;
  readonly statements: GoStatements;
  readonly isVendored: boolean;
  readonly env: Environment;
}): readonly string[] {
  const has = (flag: string) => new RegExp(`(^|\\s)--?${flag}(=|\\s|$)`).test(env.GOFLAGS ?? "");
  const flags: string[] = [];
  if (isSince(version, "1.13")) flags.push("-trimpath");
  if (isSince(version, "1.18")) flags.push("-buildvcs=false");
  if (!has("tags")) flags.push("-tags=heroku");
  const line = parseGoVersion(statements.goMod?.go ?? "1.11");
  // From go 1.14 in go.mod on, Go takes the vendor folder by itself.
  if (isVendored && !has("mod") && line !== undefined && compareLines(line.line, [1, 14]) < 0) {
    flags.push("-mod=vendor");
  }
  const symbol = env.GO_LINKER_SYMBOL;
  const value = env.GO_LINKER_VALUE ?? env.SOURCE_VERSION ?? "";
  if (symbol && !has("ldflags")) flags.push(`-ldflags=-X '${symbol}=${value.replaceAll("'", "")}'`);
  return flags;
}
