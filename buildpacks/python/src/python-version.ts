import { compareVersions, readSpecifier, type VersionTest } from "./version-specifier.ts";

/** The line that is preferred when a range allows it: an open range does not move an app to a line that is younger. */
export const DEFAULT_LINE = "3.14";

/** What the app's files say about Python; each is the text itself. */
export interface PythonStatements {
  /** `.python-version` */
  readonly versionFile?: string | undefined;
  /** `runtime.txt` */
  readonly runtimeFile?: string | undefined;
  /** `python_full_version` of the Pipfile or its lock. */
  readonly pipfileFull?: string | undefined;
  /** `python_version` of the Pipfile or its lock. */
  readonly pipfile?: string | undefined;
  /** `requires-python` of `[project]` in pyproject.toml. */
  readonly requiresPython?: string | undefined;
  /** `python` of `[tool.poetry.dependencies]` in pyproject.toml. */
  readonly poetry?: string | undefined;
}

/** Which Pythons an app takes. */
export interface PythonRequirement {
  /** As it is written there; empty when the app does not say. */
  readonly text: string;
  readonly allows: VersionTest;
  /** `3.11` when an exact version was asked for whose line will do if that one is not to be had. */
  readonly line?: string | undefined;
  /** Where the app says it, for the log. */
  readonly statedIn?: string | undefined;
}

type RequirementResult =
  | { readonly ok: true; readonly requirement: PythonRequirement }
  | { readonly ok: false; readonly text: string; readonly statedIn: string };

type Reader = (text: string) => Omit<PythonRequirement, "statedIn" | "text"> | undefined;

/** What an app asks for, by the first of these that says something; the order is in docs/guides/runtimes.md. */
export function pythonRequirement(stated: PythonStatements): RequirementResult {
  const places: readonly (readonly [string | undefined, string, Reader])[] = [
    [firstLine(stated.versionFile), ".python-version", readVersion],
    [firstLine(stated.runtimeFile), "runtime.txt", readVersion],
    [stated.pipfileFull, "python_full_version in Pipfile", readVersion],
    [stated.pipfile, "python_version in Pipfile", readVersion],
    [stated.requiresPython, "requires-python in pyproject.toml", readRange],
    [stated.poetry, "python of tool.poetry.dependencies in pyproject.toml", readRange],
  ];
  for (const [raw, statedIn, read] of places) {
    const text = raw?.trim() ?? "";
    if (text === "" || (text === "*" && read === readVersion)) continue;
    const found = read(text);
    return found === undefined
      ? { ok: false, text, statedIn }
      : { ok: true, requirement: { text, statedIn, ...found } };
  }
  return { ok: true, requirement: { text: "", allows: () => true } };
}

/** `3`, `3.11`, `3.11.2`, with `python-` or `python` before it as runtime.txt and pyenv have it. */
function readVersion(text: string): ReturnType<Reader> {
  const numbers = /^(?:c?python-?)?(\d{1,4}(?:\.\d{1,4}){0,2})$/i.exec(text)?.[1];
  const allows = numbers === undefined ? undefined : readSpecifier(numbers);
  if (numbers === undefined || allows === undefined) return undefined;
  const parts = numbers.split(".");
  return { allows, line: parts.length === 3 ? parts.slice(0, 2).join(".") : undefined };
}

function readRange(text: string): ReturnType<Reader> {
  const allows = readSpecifier(text);
  const exact = /^={2,3}\s*(\d+\.\d+)\.\d+$/.exec(text)?.[1];
  return allows && { allows, line: exact };
}

/** Comments and blank lines of a version file do not count. */
function firstLine(text: string | undefined): string | undefined {
  return text
    ?.replace(/^\uFEFF/, "")
    .split("\n")
    .map((part) => part.replace(/#.*/, "").trim())
    .find((part) => part !== "");
}

/** The best of the versions that are allowed: the newest of the default line or older, else the newest. */
export function chooseVersion(allows: VersionTest, versions: readonly string[]): string | undefined {
  const newestFirst = versions.filter(allows).toSorted((a, b) => compareVersions(b, a));
  return (
    newestFirst.find((version) => compareVersions(version, `${DEFAULT_LINE}.9999`) <= 0) ?? newestFirst[0]
  );
}

/** The best of the line of an exact version that is not to be had. */
export function chooseOfLine(
  requirement: PythonRequirement,
  versions: readonly string[],
): string | undefined {
  const allows = requirement.line === undefined ? undefined : readSpecifier(requirement.line);
  return allows && chooseVersion(allows, versions);
}
