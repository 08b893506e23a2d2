import { parse } from "smol-toml";
import { type Found, found, jsonObject, listOf, objectOf } from "./found-package.ts";

/** The pinned lines of a requirements file (pip's documentation, "Requirements File Format"): ranges say no version. */
export function readRequirements(text: string): readonly Found[] {
  return text
    .replaceAll(/\\\r?\n/g, " ")
    .split("\n")
    .flatMap((line) => {
      const pinned =
        /^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*===?\s*([^\s;,#*]+)\s*(?:$|[\s;#])/.exec(line);
      return pinned ? found("pypi", pinned[1] ?? "", pinned[2] ?? "", {}) : [];
    });
}

/** `uv.lock` and `poetry.lock`: both list `[[package]]`. What lies in the source itself is no package. */
export function readPythonToml(text: string): readonly Found[] {
  let lock: Readonly<Record<string, unknown>>;
  try {
    lock = parse(text);
  } catch {
    throw new Error("it is not TOML");
  }
  return listOf(lock.package).flatMap((one) => {
    const source = objectOf(one.source) ?? {};
    const isLocal = ["editable", "virtual", "directory", "path", "workspace"].some((kind) => kind in source);
    const { name, version, category, groups } = one;
    if (isLocal || source.type === "directory" || typeof name !== "string" || typeof version !== "string")
      return [];
    const isOnlyDev = Array.isArray(groups) && groups.length > 0 && !groups.includes("main");
    return found("pypi", name, version, { development: category === "dev" || isOnlyDev });
  });
}

/** `Pipfile.lock`: `default` and `develop`, each version as `==1.0`. */
export function readPipfileLock(text: string): readonly Found[] {
  const lock = jsonObject(text);
  const section = (name: string, development: boolean) =>
    Object.entries(objectOf(lock[name]) ?? {}).flatMap(([key, value]) => {
      const pinned = /^==(.+)$/.exec(String(objectOf(value)?.version ?? ""))?.[1];
      return pinned === undefined ? [] : found("pypi", key, pinned, { development });
    });
  return [...section("default", false), ...section("develop", true)];
}

/**
 * `go.mod` (go.dev/ref/mod, "go.mod files"): since Go 1.17 it requires all modules that the packages need. What is replaced
 * by a folder of the source is no module.
 */
export function readGoMod(text: string): readonly Found[] {
  const required = new Map<string, string>();
  const replaced = new Map<string, readonly [string, string] | undefined>();
  let block = "";
  for (const raw of text.split("\n")) {
    const line = raw.replace(/\/\/.*$/, "").trim();
    if (line === ")") block = "";
    const opens = /^(require|replace|exclude|retract|tool)\s*\($/.exec(line);
    if (opens) block = opens[1] ?? "";
    const [, verb = block, rest = line] = /^(require|replace)\s+(.+)$/.exec(line) ?? [];
    const words = rest.replaceAll('"', "").split(/\s+/);
    if (verb === "require" && words.length === 2 && /^v\d/.test(words[1] ?? ""))
      required.set(words[0] ?? "", words[1] ?? "");
    const arrow = words.indexOf("=>");
    if (verb !== "replace" || arrow < 1) continue;
    const [to = "", version] = words.slice(arrow + 1);
    replaced.set(words.slice(0, arrow).join("@"), version === undefined ? undefined : [to, version]);
  }
  return [...required].flatMap(([name, version]) => {
    const key = [`${name}@${version}`, name].find((one) => replaced.has(one));
    const to = key === undefined ? ([name, version] as const) : replaced.get(key);
    return to ? found("golang", to[0], to[1], {}) : [];
  });
}

/** `go.sum`: the modules whose content was checked. Versions that were only looked at, `…/go.mod`, are no part of a build. */
export function readGoSum(text: string): readonly Found[] {
  return text.split("\n").flatMap((line) => {
    const [name = "", version = "", sum = ""] = line.trim().split(/\s+/);
    return version.endsWith("/go.mod") || !sum.startsWith("h1:") ? [] : found("golang", name, version, {});
  });
}

/** `gradle.lockfile` (Gradle's documentation, "Locking Versions"): `group:artifact:version=configurations`. */
export function readGradleLock(text: string): readonly Found[] {
  return text.split("\n").flatMap((line) => {
    const match = /^([^#:=\s]+:[^:=\s]+):([^:=\s]+)=(.*)$/.exec(line.trim());
    if (!match) return [];
    const configurations = (match[3] ?? "").split(",");
    const development = configurations.every((one) => /^test[A-Z]/.test(one));
    return found("maven", match[1] ?? "", match[2] ?? "", { development });
  });
}

/** `Gemfile.lock`: what stands four deep below `specs:` of GEM and GIT; PATH is the source itself. */
export function readGemfileLock(text: string): readonly Found[] {
  if (!/^(?:GEM|GIT|PATH)\s*$/m.test(text)) throw new Error("it has no section of gems");
  let section = "";
  return text.split("\n").flatMap((line) => {
    if (/^\S/.test(line)) section = line.trim();
    const spec = /^ {4}([^\s(]+) \(([^)]+)\)\s*$/.exec(line);
    if (!spec || (section !== "GEM" && section !== "GIT")) return [];
    // A gem with native code names its platform behind the version, which itself has no hyphen.
    const [version = "", ...platform] = (spec[2] ?? "").split("-");
    const qualifiers = platform.length > 0 ? { qualifiers: { platform: platform.join("-") } } : {};
    return found("gem", spec[1] ?? "", version, qualifiers);
  });
}

/** `composer.lock`: `packages` and `packages-dev`. Branches have no version that could be compared. */
export function readComposerLock(text: string): readonly Found[] {
  const lock = jsonObject(text);
  const section = (name: string, development: boolean) =>
    listOf(lock[name]).flatMap(({ name: of, version, license }) => {
      const licenses = Array.isArray(license) ? license.filter((one) => typeof one === "string") : [];
      const told = licenses.length > 0 ? { license: licenses.join(" OR ") } : {};
      return found("composer", String(of ?? ""), String(version ?? "").replace(/^v(?=\d)/, ""), {
        ...told,
        development,
      });
    });
  return [...section("packages", false), ...section("packages-dev", true)];
}
