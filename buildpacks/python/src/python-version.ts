/** A Python on the base. */
export interface BasePython {
  /** `/usr/bin/python3.11` */
  readonly program: string;
  /** `3.11.2` */
  readonly version: string;
}

export interface PythonStatements {
  /** The text of `.python-version`. */
  readonly versionFile?: string;
  /** The text of `runtime.txt`. */
  readonly runtimeFile?: string;
}

export type PythonRequirement =
  /** `parts` are the leading numbers that must agree: [3, 11] or [3, 11, 2]; none takes any. */
  | { readonly ok: true; readonly parts: readonly number[]; readonly statedIn?: string }
  | { readonly ok: false; readonly text: string; readonly statedIn: string };

/** What the app asks for: `.python-version` ("3.11", "3.11.2") first, then `runtime.txt` ("python-3.11.2"). */
export function pythonRequirement(stated: PythonStatements): PythonRequirement {
  const places = [
    { text: firstLine(stated.versionFile), statedIn: ".python-version" },
    { text: firstLine(stated.runtimeFile), statedIn: "runtime.txt" },
  ];
  for (const { text, statedIn } of places) {
    if (text === undefined) continue;
    const numbers = /^(?:python-?)?(\d+(?:\.\d+){0,2})$/i.exec(text)?.[1];
    if (numbers === undefined) return { ok: false, text, statedIn };
    return { ok: true, parts: numbers.split(".").map(Number), statedIn };
  }
  return { ok: true, parts: [] };
}

function firstLine(text: string | undefined): string | undefined {
  const line = text
    ?.split("\n")
    .map((part) => part.replace(/#.*/, "").trim())
    .find((part) => part !== "");
  return line;
}

/** The newest Python that agrees; a stated patch level is taken as its line when that exact one is not there. */
export function choosePython(
  parts: readonly number[],
  available: readonly BasePython[],
): { readonly python: BasePython; readonly exact: boolean } | undefined {
  const newestFirst = [...available].sort((a, b) => compareVersions(b.version, a.version));
  const agree = (wanted: readonly number[]) =>
    newestFirst.find(({ version }) => wanted.every((part, i) => Number(version.split(".")[i]) === part));
  const exact = agree(parts);
  if (exact) return { python: exact, exact: true };
  const line = parts.length === 3 ? agree(parts.slice(0, 2)) : undefined;
  return line && { python: line, exact: false };
}

export function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split(".").map(Number), b.split(".").map(Number)];
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
