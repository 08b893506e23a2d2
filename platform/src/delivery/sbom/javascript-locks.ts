import type { Component } from "./component.ts";
import { type Found, found, hashOf, jsonObject, objectOf } from "./found-package.ts";

/**
 * Lock files of npm: `packages` by folder since version 2, nested `dependencies` before (docs.npmjs.com,
 * "package-lock.json"). What is linked from the source itself is no package.
 */
export function readNpmLock(text: string): readonly Found[] {
  const lock = jsonObject(text);
  const packages = objectOf(lock.packages);
  if (!packages) return fromNested(lock);
  return Object.entries(packages).flatMap(([path, value]) => {
    const entry = objectOf(value) ?? {};
    const folder = path.lastIndexOf("node_modules/");
    if (folder < 0 || entry.link === true) return [];
    const name = typeof entry.name === "string" ? entry.name : path.slice(folder + "node_modules/".length);
    return npmPackage(name, entry);
  });
}

/** Without recursion: a hostile file nests as deep as it likes. */
function fromNested(lock: Readonly<Record<string, unknown>>): readonly Found[] {
  const all: Found[] = [];
  const waiting = [objectOf(lock.dependencies)];
  for (let level = waiting.pop(); waiting.length > 0 || level; level = waiting.pop())
    for (const [name, value] of Object.entries(level ?? {})) {
      const entry = objectOf(value) ?? {};
      all.push(...npmPackage(name, entry));
      const below = objectOf(entry.dependencies);
      if (below) waiting.push(below);
    }
  return all;
}

function npmPackage(name: string, entry: Readonly<Record<string, unknown>>): readonly Found[] {
  const { version, integrity, license, resolved } = entry;
  if (typeof version !== "string" || isLocal(String(resolved ?? version))) return [];
  // An alias is installed under its own name as `npm:<name>@<version>` in old files.
  const alias = /^npm:(.+)@([^@]+)$/.exec(version);
  return found("npm", alias?.[1] ?? name, alias?.[2] ?? version, {
    ...hashOf(integrity),
    ...(typeof license === "string" ? { license } : {}),
    development: entry.dev === true || entry.devOptional === true,
  });
}

const isLocal = (where: string) => /^(?:file|link|portal|workspace):/.test(where);

/**
 * pnpm's lock files, versions 5 to 9: the keys below `packages`, read line by line, since whole documents of this size take
 * a parser seconds. `/a/1.0.0_peer`, `/a@1.0.0(peer@2)` and `a@1.0.0` are the forms of the key.
 */
export function readPnpmLock(text: string): readonly Found[] {
  if (!/^lockfileVersion:/m.test(text)) throw new Error("it names no lockfileVersion");
  const all: Found[] = [];
  let inside = false;
  let last: { name: string; version: string; hash: Partial<Component>; development: boolean } | undefined;
  const end = () => {
    if (last)
      all.push(...found("npm", last.name, last.version, { ...last.hash, development: last.development }));
    last = undefined;
  };
  for (const line of text.split("\n")) {
    if (/^\S/.test(line)) {
      end();
      inside = line.startsWith("packages:");
    } else if (inside && /^ {2}\S/.test(line)) {
      end();
      const named = pnpmKey(
        line
          .trim()
          .replace(/:(?: \{\})?\s*$/, "")
          .replaceAll(/^['"]|['"]$/g, ""),
      );
      last = named && { ...named, hash: {}, development: false };
    } else if (last) {
      const integrity = /\bintegrity: ([A-Za-z0-9+/=-]+)/.exec(line)?.[1];
      if (integrity) last.hash = hashOf(integrity);
      if (/^ {4}dev: true\s*$/.test(line)) last.development = true;
    }
  }
  end();
  return all;
}

function pnpmKey(key: string): { name: string; version: string } | undefined {
  const plain = key.replace(/\(.*$/, "").replace(/^\//, "");
  const match = /^((?:@[^/@]+\/)?[^/@]+)[@/](\d[^/_]*)/.exec(plain);
  return match ? { name: match[1] ?? "", version: match[2] ?? "" } : undefined;
}

/** Yarn's lock files: those of Yarn 1, and of Yarn 2 and later, whose entries say how they were resolved. */
export function readYarnLock(text: string): readonly Found[] {
  if (!/^# yarn lockfile v1|^__metadata:/m.test(text)) throw new Error("it is no lock file of Yarn");
  const all: Found[] = [];
  let key = "";
  let entry: Record<string, string> = {};
  const end = () => {
    if (key !== "") all.push(...yarnPackage(key, entry));
    [key, entry] = ["", {}];
  };
  for (const line of text.split("\n")) {
    if (/^[^\s#]/.test(line)) {
      end();
      key = line.replace(/:\s*$/, "").split(", ")[0]?.replaceAll('"', "") ?? "";
    } else {
      const field = /^ {2}(version|resolved|resolution|integrity):? (.+)$/.exec(line.trimEnd());
      if (field) entry[field[1] ?? ""] = (field[2] ?? "").replaceAll('"', "");
    }
  }
  end();
  return all;
}

function yarnPackage(key: string, entry: Readonly<Record<string, string>>): readonly Found[] {
  const { version, resolution, resolved, integrity } = entry;
  if (version === undefined || key === "__metadata") return [];
  const berry = resolution === undefined ? undefined : /^((?:@[^/@]+\/)?[^@]+)@npm:(.+)$/.exec(resolution);
  if (resolution !== undefined) return berry ? found("npm", berry[1] ?? "", version, {}) : [];
  const [, name = "", range = ""] = /^((?:@[^/@]+\/)?[^@]+)@(.*)$/.exec(key) ?? [];
  if (isLocal(range) || isLocal(resolved ?? "")) return [];
  const alias = /^npm:((?:@[^/@]+\/)?[^@]+)@/.exec(range)?.[1];
  return found("npm", alias ?? name, version, hashOf(integrity));
}
