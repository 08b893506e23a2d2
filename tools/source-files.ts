import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

export interface SourceFile {
  /** From the repository's root. */
  readonly path: string;
  readonly text: string;
}

/** Trees whose files are not ours to measure: what people push, and recorded results. */
const NOT_OURS = /^(?:examples|bench\/results|contract\/fixtures)\//;
const CODE = /\.(?:ts|mjs|sh)$/;

/** The repository's program files, new ones included; without those that are generated. */
export function readSourceFiles(root: string): SourceFile[] {
  const options = { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 } as const;
  const listed = execFileSync(
    "git",
    ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    options,
  );
  return listed
    .split("\0")
    .filter((path) => CODE.test(path) && !NOT_OURS.test(path))
    .flatMap((path) => {
      const text = readIfThere(`${root}/${path}`);
      return text === undefined || /@generated/.test(text.split("\n", 1)[0] ?? "") ? [] : [{ path, text }];
    });
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
