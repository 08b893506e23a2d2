import type { DebianPackage } from "./apt-output.ts";

/** The release of Debian or Ubuntu that the base is of; packages for an app come from the archive of the same. */
export interface DebianBase {
  readonly id: "debian" | "ubuntu";
  /** `12`, `24.04` */
  readonly version: string;
  /** `bookworm` */
  readonly codename: string;
  readonly architecture: "amd64" | "arm64";
}

/** Where the archive is; http(s) addresses without a slash at the end. */
export interface ArchiveAddresses {
  readonly main: string;
  readonly security: string;
}

const ARCHITECTURES: Readonly<Record<string, DebianBase["architecture"]>> = { x64: "amd64", arm64: "arm64" };

/** Reads os-release(5). Undefined for what is no release of Debian or Ubuntu, or another machine (Node's `arch`). */
export function readBase(osRelease: string, arch: string): DebianBase | undefined {
  const field = (name: string) => new RegExp(`^${name}="?([^"\\n]*)"?$`, "m").exec(osRelease)?.[1] ?? "";
  const [id, version, codename] = [field("ID"), field("VERSION_ID"), field("VERSION_CODENAME")];
  const architecture = ARCHITECTURES[arch];
  if ((id !== "debian" && id !== "ubuntu") || architecture === undefined) return undefined;
  if (!/^[\d.]+$/.test(version) || !/^[a-z]+$/.test(codename)) return undefined;
  return { id, version, codename, architecture };
}

/** How folders and programs of this machine are called by compilers: `x86_64-linux-gnu`. */
export function tripletOf({ architecture }: Pick<DebianBase, "architecture">): string {
  return architecture === "amd64" ? "x86_64-linux-gnu" : "aarch64-linux-gnu";
}

/**
 * Where packages come from: the words `debian=<URL>` and `debian-security=<URL>` of CONIFER_RUNTIME_SOURCES, else the
 * release's own archive.
 */
export function archiveAddresses(base: DebianBase, setting: string | undefined): ArchiveAddresses {
  const named = (name: string) =>
    (setting ?? "")
      .split(/[\s,]+/)
      .find((word) => new RegExp(`^${name}=https?://.`).test(word))
      ?.slice(name.length + 1)
      .replace(/\/+$/, "");
  const { main, security } = OWN_ARCHIVES[base.id][base.architecture];
  const mirror = named("debian");
  // A mirror of Ubuntu has all suites in one place; that of Debian keeps security apart.
  const beside = mirror !== undefined && base.id === "ubuntu" ? mirror : security;
  return { main: mirror ?? main, security: named("debian-security") ?? beside };
}

const DEBIAN = { main: "http://deb.debian.org/debian", security: "http://deb.debian.org/debian-security" };
const UBUNTU_PORTS = "http://ports.ubuntu.com/ubuntu-ports";
const OWN_ARCHIVES: Readonly<
  Record<DebianBase["id"], Readonly<Record<DebianBase["architecture"], ArchiveAddresses>>>
> = {
  debian: { amd64: DEBIAN, arm64: DEBIAN },
  ubuntu: {
    amd64: { main: "http://archive.ubuntu.com/ubuntu", security: "http://security.ubuntu.com/ubuntu" },
    arm64: { main: UBUNTU_PORTS, security: UBUNTU_PORTS },
  },
};

/** sources.list(5): the release, its updates and its security fixes, each signed by the release's key. */
export function sourcesList({ id, codename }: DebianBase, { main, security }: ArchiveAddresses): string {
  const key = `[signed-by=/usr/share/keyrings/${id}-archive-keyring.gpg]`;
  const components = id === "debian" ? "main" : "main universe";
  return [
    `deb ${key} ${main} ${codename} ${components}`,
    `deb ${key} ${main} ${codename}-updates ${components}`,
    `deb ${key} ${security} ${codename}-security ${components}`,
    "",
  ].join("\n");
}

/** apt.conf(5) for a folder of its own: this machine's packages, sources, lists and hooks are neither used nor changed. */
export function aptSettings(folder: string, { architecture }: DebianBase): string {
  return [
    'Dir::Etc::main "/dev/null";',
    ...["parts", "sourceparts", "preferencesparts"].map((name) => `Dir::Etc::${name} "${folder}/none";`),
    `Dir::Etc::preferences "${folder}/none/preferences";`,
    `Dir::Etc::sourcelist "${folder}/sources.list";`,
    `Dir::State "${folder}";`,
    `Dir::State::lists "${folder}/lists";`,
    `Dir::State::status "${folder}/status";`,
    `Dir::Cache "${folder}";`,
    `APT::Architecture "${architecture}";`,
    `APT::Architectures { "${architecture}"; };`,
    'APT::Sandbox::User "root";',
    'APT::Install-Recommends "false";',
    'APT::Get::AllowUnauthenticated "false";',
    'Acquire::AllowInsecureRepositories "false";',
    // Ubuntu hands updates out to some machines first; the same build is to get the same everywhere.
    'APT::Get::Always-Include-Phased-Updates "true";',
    'Acquire::Languages { "none"; };',
    'Acquire::Retries "2";',
    'Acquire::http::Timeout "20";',
    'Acquire::https::Timeout "20";',
    "",
  ].join("\n");
}

/** Never put into a layer: the C library and the loader belong together, and what configures or starts a machine has no use there. */
const OF_A_MACHINE =
  /^(?:libc6|libc-bin|libcrypt1|libgcc-s1|gcc-\d+-base|base-files|base-passwd|bash|dash|coreutils|tar|gzip|sed|grep|dpkg|apt|perl-base|debconf|cdebconf|debianutils|ucf|sensible-utils|init-system-helpers|sysvinit-utils|lsb-base|usrmerge|usr-is-merged|adduser|passwd|login|mount|util-linux|systemd|systemd-sysv|systemd-standalone-.*|libpam-.*|dbus|udev|tzdata|procps|netbase|media-types|mime-support)$/;

/**
 * Of packages, those that need not be brought: those of a run image that `isThere` finds on this base, and those that no
 * layer may have. A builder's own tools do not count: an app's image has not got them.
 */
export function packagesOfBase(
  packages: readonly DebianPackage[],
  isThere: (name: string) => boolean,
): readonly DebianPackage[] {
  return packages.filter(({ name }) => OF_A_MACHINE.test(name) || isThere(name));
}

/** dpkg's status that tells apt that these are there, whatever they need themselves. */
export function statusOfBase(packages: readonly DebianPackage[]): string {
  return packages
    .map(({ name, version, architecture, record }) => {
      const also = record.split("\n").filter((line) => /^(?:Multi-Arch|Provides): /.test(line));
      return [
        `Package: ${name}`,
        "Status: install ok installed",
        "Maintainer: base",
        `Architecture: ${architecture}`,
        `Version: ${version}`,
        ...also,
        "Description: of the base",
        "",
      ].join("\n");
    })
    .join("\n");
}

/** Packages beside those of run images that apt is told are there (see `packagesOfBase`), where the release has them. */
export const NEVER_FETCHED = [
  ...["dpkg", "perl-base", "debconf", "ucf", "sensible-utils", "init-system-helpers", "adduser", "passwd"],
  ...["systemd", "systemd-sysv", "dbus", "udev", "lsb-base", "sysvinit-utils", "mount", "login"],
  ...["systemd-standalone-sysusers", "systemd-standalone-tmpfiles", "apt", "libpam-systemd"],
];

/** A version of Debian's without what it adds: `1:2.3.15-2+deb12u1` is `2.3.15`. */
export function upstreamVersion(version: string): string {
  return version
    .replace(/^\d+:/, "")
    .replace(/-[^-]*$/, "")
    .replace(/[+~].*$/, "");
}
