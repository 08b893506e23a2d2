import { existsSync } from "node:fs";
import path from "node:path";
import { compareLines, parseGoVersion } from "./go-version.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface GoFolders {
  /** The toolchain, with `bin/go`. */
  readonly root: string;
  readonly modules: string;
  readonly buildCache: string;
  /** Where binaries go. */
  readonly bin: string;
}

/** Variables that would lead Go to other folders, or have it build for another platform. */
const NOT_OURS = ["GOROOT", "GOMODCACHE", "GOOS", "GOARCH", "GOTOOLDIR"];

/**
 * The environment of the `go` program: the build's own, so that GOPROXY, GONOSUMDB, GOPRIVATE and GOFLAGS of the
 * operator and the app stand, with this build's folders, and without any file of the machine's user.
 */
export function goEnvironment(env: Environment, version: string, folders: GoFolders): Environment {
  const since = (line: string) => isSince(version, line);
  const own: Record<string, string | undefined> = {
    GOPATH: folders.modules,
    GOCACHE: folders.buildCache,
    GOBIN: folders.bin,
    GO111MODULE: "on",
    GOENV: "off",
    // The version is chosen here; Go is not to fetch another one by itself.
    GOTOOLCHAIN: "local",
    GOFLAGS: goFlags(env.GOFLAGS, since),
    GIT_TERMINAL_PROMPT: "0",
    PATH: [path.join(folders.root, "bin"), env.PATH].filter(Boolean).join(":"),
    ...gitCredentials(env),
  };
  if (env.CGO_ENABLED === undefined && !hasCompiler(env)) own.CGO_ENABLED = "0";
  for (const name of NOT_OURS) own[name] = undefined;
  return { ...env, ...own };
}

function goFlags(given: string | undefined, since: (line: string) => boolean): string {
  const words = (given ?? "").split(/\s+/).filter(Boolean);
  // An old Go refuses to start when GOFLAGS holds a flag it does not know.
  const known = words.filter((word) => since("1.18") || !/^--?buildvcs(=|$)/.test(word));
  if (since("1.14") && !known.includes("-modcacherw")) known.push("-modcacherw");
  return known.join(" ");
}

export function isSince(version: string, line: string): boolean {
  const [one, other] = [parseGoVersion(version), parseGoVersion(line)];
  return one !== undefined && other !== undefined && compareLines(one.line, other.line) >= 0;
}

/** Whether there is a C compiler: the one CC names, else gcc or clang on PATH. */
export function hasCompiler(env: Environment, exists: (file: string) => boolean = existsSync): boolean {
  const [asked] = (env.CC ?? "").split(/\s+/);
  const names = asked ? [asked] : ["gcc", "clang"];
  const folders = (env.PATH ?? "").split(":").filter(Boolean);
  return names.some((name) =>
    name.startsWith("/") ? exists(name) : folders.some((folder) => exists(path.join(folder, name))),
  );
}

/**
 * `GO_GIT_CRED__<PROTOCOL>__<HOST>=<user>:<password>` as in Heroku's buildpack, the host's dots written as `__`: Git
 * gets it as a credential helper that reads it from the environment, so it is in no argument, file or message.
 */
function gitCredentials(env: Environment): Record<string, string> {
  const found = Object.entries(env).flatMap(([name, value]) => {
    const [, protocol, host] = /^GO_GIT_CRED__(HTTPS?)__([A-Za-z0-9_-]+)$/.exec(name) ?? [];
    return protocol && host && value
      ? [{ address: `${protocol.toLowerCase()}://${host.toLowerCase().replaceAll("__", ".")}`, value }]
      : [];
  });
  const before = Number(env.GIT_CONFIG_COUNT ?? 0);
  const settings: Record<string, string> = {};
  for (const [i, { address, value }] of found.entries()) {
    const n = before + i;
    const [user, ...password] = value.split(":");
    settings[`CONIFER_GIT_USER_${n}`] = password.length > 0 ? (user ?? "") : "token";
    settings[`CONIFER_GIT_PASSWORD_${n}`] = password.length > 0 ? password.join(":") : (user ?? "");
    settings[`GIT_CONFIG_KEY_${n}`] = `credential.${address}.helper`;
    settings[`GIT_CONFIG_VALUE_${n}`] =
      `!f() { test "$1" = get && printf 'username=%s\\npassword=%s\\n' "$CONIFER_GIT_USER_${n}" "$CONIFER_GIT_PASSWORD_${n}"; }; f`;
  }
  return found.length > 0 ? { ...settings, GIT_CONFIG_COUNT: String(before + found.length) } : {};
}
