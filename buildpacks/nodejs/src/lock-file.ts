import { object, parseObject } from "./package-json.ts";

/** A lock file of any package manager. */
export interface LockFile {
  readonly name: string;
  readonly text: string;
  /** Undefined where only the manifests tell. */
  readonly hasDevPackages: boolean | undefined;
  /** Workspaces and `file:` dependencies: folders of the app, linked from node_modules by relative paths. */
  readonly hasLinks: boolean;
}

/**
 * Reads of a lock file what decides the plan. npm's is JSON; those of pnpm and Yarn are large YAML of their own, of
 * which only protocols are looked for, never parsed whole.
 */
export function parseLockFile(name: string, text: string): LockFile {
  if (name === "yarn.lock") {
    const links = /@(?:workspace:(?!\.["'])|file:|link:|portal:)/.test(text);
    return { name, text, hasDevPackages: undefined, hasLinks: links };
  }
  if (name === "pnpm-lock.yaml") {
    const links = /^[ \t]+version: '?(?:link|file):/m.test(text);
    return { name, text, hasDevPackages: undefined, hasLinks: links };
  }
  const value = parseObject(name, text);
  // Lock files of npm 7 and later list "packages"; those of npm 5 and 6 a tree of "dependencies".
  const packages = Object.entries(object(value.packages)).filter(([where]) => where !== "");
  const old = Object.values(object(value.dependencies));
  const entries = [...packages.map(([, entry]) => object(entry)), ...old.map(object)];
  return {
    name,
    text,
    hasDevPackages: entries.some((entry) => entry.dev === true || entry.devOptional === true),
    hasLinks: entries.some(
      (entry) =>
        entry.link === true || (typeof entry.version === "string" && entry.version.startsWith("file:")),
    ),
  };
}

/** The version of the form of a lock file: pnpm's `lockfileVersion`, Yarn's `__metadata.version`, else undefined. */
export function lockFormat({ name, text }: Pick<LockFile, "name" | "text">): number | undefined {
  const head = text.slice(0, 4096);
  const found =
    name === "pnpm-lock.yaml"
      ? /^lockfileVersion: ['"]?(\d+(?:\.\d+)?)/m.exec(head)
      : /^__metadata:\r?\n(?:[ \t]+[^\n]*\n)*?[ \t]+version: ['"]?(\d+)/m.exec(head);
  return found?.[1] === undefined ? undefined : Number(found[1]);
}
