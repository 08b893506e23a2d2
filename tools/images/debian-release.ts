import { ImageError } from "./image-error.ts";

/** The architectures that images are made for, as images name them; Debian has the same names. */
export const ARCHITECTURES = ["amd64", "arm64"] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

/** As Node.js and npm name an architecture. */
export const CPU: Readonly<Record<Architecture, "x64" | "arm64">> = { amd64: "x64", arm64: "arm64" };

/** This machine's. */
export function hostArchitecture(): Architecture {
  return process.arch === "arm64" ? "arm64" : "amd64";
}

/** A release that run images can be made of: this machine's own. */
export interface DebianRelease {
  readonly id: "debian" | "ubuntu";
  /** `VERSION_ID` of os-release(5): `12`, `24.04`. */
  readonly version: string;
  readonly codename: string;
}

/** Reads os-release(5); undefined for anything but a release of Debian or Ubuntu. */
export function parseRelease(text: string): DebianRelease | undefined {
  const field = (name: string) => new RegExp(`^${name}="?([^"\\n]*)"?$`, "m").exec(text)?.[1] ?? "";
  const id = field("ID");
  const [version, codename] = [field("VERSION_ID"), field("VERSION_CODENAME")];
  if ((id !== "debian" && id !== "ubuntu") || !/^[\d.]+$/.test(version) || !/^[a-z]+$/.test(codename))
    return undefined;
  return { id, version, codename };
}

const NEEDS = ["apt-get", "apt-cache", "apt-config", "dpkg", "dpkg-deb", "unshare"];

/**
 * The release of a machine on which run images can be made, given its os-release(5) and what programs it has.
 * @throws ImageError `missing` for any other machine
 */
export function requireRelease(osRelease: string, isThere: (program: string) => boolean): DebianRelease {
  const release = parseRelease(osRelease);
  const only = "Run images are made of Debian packages: on Debian or Ubuntu only.";
  if (release === undefined) throw new ImageError("missing", only);
  const missing = NEEDS.filter((program) => !isThere(program));
  if (missing.length === 0) return release;
  throw new ImageError("missing", `Missing: ${missing.join(", ")}. ${only}`);
}

/** Where the archive keeps what the release got after it was made. Backports and proposals stay out. */
const POCKETS = ["", "-updates", "-security"];

/**
 * apt_preferences(5) that let packages of the release itself in and none of any other source the machine may have, such
 * as a vendor's. Debian tells its pockets by codename, Ubuntu by archive.
 */
export function makePreferences({ id, codename }: DebianRelease): string {
  const wanted = POCKETS.map((pocket) =>
    id === "debian" ? `o=Debian,n=${codename}${pocket}` : `o=Ubuntu,a=${codename}${pocket}`,
  );
  const pin = (release: string, priority: number) =>
    `Package: *\nPin: release ${release}\nPin-Priority: ${priority}\n`;
  return [...wanted.map((release) => pin(release, 500)), pin("o=*", -1)].join("\n");
}

/** What a package manager must know to work in a folder of its own and not on this machine. */
export interface AptFolders {
  readonly folder: string;
  /** As `dpkg --print-architecture` says. */
  readonly architecture: string;
  /** The machine's `apt-config dump`: how it reaches its archives (proxies, certificates, time limits) is kept. */
  readonly machine: string;
}

/** apt.conf(5), to be named by APT_CONFIG. Hooks of the machine's own configuration do not run. */
export function makeAptConfig({ folder, architecture, machine }: AptFolders): string {
  const transport = machine.split("\n").filter((line) => /^Acquire::[A-Za-z].* ".*";$/.test(line));
  return [
    ...transport,
    `Dir::Etc::parts "${folder}/none";`,
    'Dir::Etc::main "/dev/null";',
    `Dir::Etc::preferences "${folder}/preferences";`,
    `Dir::Etc::preferencesparts "${folder}/none";`,
    `Dir::State "${folder}";`,
    `Dir::State::lists "${folder}/lists";`,
    `Dir::State::status "${folder}/status";`,
    `Dir::Cache "${folder}";`,
    `APT::Architecture "${architecture}";`,
    `APT::Architectures { "${architecture}"; };`,
    // Its own user could not enter a home that is closed to others.
    'APT::Sandbox::User "root";',
    'APT::Install-Recommends "false";',
    'APT::Get::AllowUnauthenticated "false";',
    'Acquire::AllowInsecureRepositories "false";',
    'Acquire::Languages { "none"; };',
    "",
  ].join("\n");
}
