/** The user that apps run as. */
export interface AppUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** What the packages brought that other files are made of: texts by absolute path. */
export interface PackageTexts {
  /** base-passwd's own. */
  readonly passwd: string;
  readonly group: string;
  /** Certificates, a text in PEM for each. */
  readonly certificates: readonly string[];
  readonly dpkgStatus: string;
}

/** Files that maintainer scripts would have made, by their path without the first slash. */
export function makeFiles(user: AppUser, from: PackageTexts): ReadonlyMap<string, string> {
  const lines = (...all: string[]) => `${all.join("\n")}\n`;
  return new Map([
    [
      "etc/passwd",
      from.passwd + lines(`${user.name}:x:${user.uid}:${user.gid}:${user.name}:${user.home}:/bin/bash`),
    ],
    ["etc/group", from.group + lines(`${user.name}:x:${user.gid}:`)],
    [
      "etc/nsswitch.conf",
      lines("passwd: files", "group: files", "hosts: files dns", "services: files", "protocols: files"),
    ],
    ["etc/shells", lines("/bin/sh", "/bin/bash")],
    ["etc/timezone", lines("Etc/UTC")],
    ["etc/ssl/certs/ca-certificates.crt", from.certificates.map((text) => `${text.trim()}\n`).join("")],
    ["var/lib/dpkg/status", from.dpkgStatus],
  ]);
}

/** Links that maintainer scripts would have made; the places where other distributions keep certificates lead to ours. */
export const MADE_LINKS: Readonly<Record<string, string>> = {
  "etc/localtime": "/usr/share/zoneinfo/Etc/UTC",
  "etc/mtab": "/proc/self/mounts",
  "etc/ssl/cert.pem": "certs/ca-certificates.crt",
  "etc/ssl/ca-bundle.pem": "certs/ca-certificates.crt",
  "etc/pki/tls/certs/ca-bundle.crt": "/etc/ssl/certs/ca-certificates.crt",
  "var/lock": "/run/lock",
  "var/run": "/run",
};

/** Names that lead through /etc/alternatives, and the programs they mean, the first that is there. */
export const ALTERNATIVES: Readonly<Record<string, readonly string[]>> = {
  awk: ["gawk", "mawk"],
  nawk: ["gawk", "mawk"],
  cc: ["gcc"],
  "c++": ["g++"],
  pager: ["less", "more"],
  which: ["which.debianutils"],
};

/** Folders that must be there, with their modes. */
export const MADE_FOLDERS: Readonly<Record<string, number>> = {
  tmp: 0o1777,
  "var/tmp": 0o1777,
  "var/log": 0o755,
  run: 0o755,
  "run/lock": 0o1777,
  proc: 0o755,
  sys: 0o755,
  dev: 0o755,
  root: 0o700,
  home: 0o755,
};
