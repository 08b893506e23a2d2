import { execFile } from "node:child_process";
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { chmod, chown, copyFile, mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { CLASSIC_APP, RUN_USER } from "../../cnb/builds/index.ts";
import { removeTree } from "../../files/trees/index.ts";
import { initText } from "./sandbox-scripts.ts";

export interface HostBaseOptions {
  readonly directory: string;
  /** Certificates to trust; default this machine's own bundle. */
  readonly caBundle?: string | undefined;
  /** User and group that `dyno` is inside, and who owns its home on this machine. */
  readonly inside: { readonly uid: number; readonly gid: number };
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
}

/** The parts of this machine that every sandbox sees, read-only. */
export interface HostBase {
  readonly directory: string;
  /** Folders of this machine to bind: `/usr`, and `/bin`, `/lib` … where those are no links into it. */
  readonly folders: readonly string[];
  readonly devices: readonly string[];
}

/** The home of the user `dyno`: writable, and gone with its sandbox. */
export const DYNO_HOME = RUN_USER.home;

/** Where process 1 of every sandbox finds its shell program, inside. */
export const INIT_PATH = "/etc/conifer/init";

/** Where programs look for trusted certificates: Debian, Fedora, SUSE and Alpine. */
export const CERTIFICATE_PATHS = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
] as const;

/** Folders of the root that belong to the host base; an image on top of it may not bring its own. */
export const BASE_FOLDERS = ["usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32"] as const;

export const DEVICES = ["null", "zero", "full", "random", "urandom", "tty"] as const;
/** Data about the outside world, the same on every machine, that language libraries read. */
const PUBLIC_TABLES = ["services", "protocols", "mime.types", "ld.so.cache"] as const;

/**
 * Makes the lowest layer of every sandbox anew: mount points, a made `/etc`, and a made `/dev`. Nothing of this machine's
 * `/etc` gets in but certificates, the loader's cache, public tables and the links of Debian's alternatives.
 */
export async function prepareHostBase(options: HostBaseOptions): Promise<HostBase> {
  const making = `${options.directory}.new`;
  await removeTree(making);
  const at = (...parts: string[]) => join(making, ...parts);
  for (const folder of [
    "proc",
    "sys",
    "mnt",
    "run",
    "usr",
    "home",
    "var/log",
    "var/empty",
    "etc/ssl/certs",
    "etc/conifer",
    "dev/pts",
    "dev/shm",
  ])
    await mkdir(at(folder), { recursive: true });
  for (const folder of ["tmp", "var/tmp"]) await mkdir(at(folder));
  await mkdir(at(DYNO_HOME));
  if (options.owner) await chown(at(DYNO_HOME), options.owner.uid, options.owner.gid);
  await symlink("/run", at("var/run"));
  await symlink(CLASSIC_APP.target, at(CLASSIC_APP.link));
  const folders = await makeSystemFolders(at);
  const devices = DEVICES.filter((name) => existsSync(`/dev/${name}`));
  await makeDevices(at, devices);
  await makeEtc(at, options);
  // Whatever the umask of this process is, the program must be able to read all of it, and to change nothing: without
  // root its user owns these files.
  await run("chmod", ["-R", "a+rX,a-w", making]);
  for (const folder of ["tmp", "var/tmp"]) await chmod(at(folder), 0o1777);
  await chmod(at(DYNO_HOME), 0o755);
  await removeTree(options.directory);
  await rename(making, options.directory);
  return { directory: options.directory, folders, devices };
}

const run = promisify(execFile);

type At = (...parts: string[]) => string;

async function makeSystemFolders(at: At): Promise<string[]> {
  const folders = ["usr"];
  for (const name of BASE_FOLDERS) {
    if (name === "usr" || !existsSync(`/${name}`)) continue;
    if (lstatSync(`/${name}`).isSymbolicLink()) await symlink(readlinkSync(`/${name}`), at(name));
    else {
      await mkdir(at(name));
      folders.push(name);
    }
  }
  return folders;
}

async function makeDevices(at: At, devices: readonly string[]): Promise<void> {
  for (const name of [...devices, "console"]) await writeFile(at("dev", name), "");
  await symlink("pts/ptmx", at("dev/ptmx"));
  await symlink("/proc/self/fd", at("dev/fd"));
  for (const [fd, name] of ["stdin", "stdout", "stderr"].entries())
    await symlink(`/proc/self/fd/${fd}`, at("dev", name));
}

async function makeEtc(at: At, { inside, caBundle }: HostBaseOptions): Promise<void> {
  const shell = existsSync("/bin/bash") ? "/bin/bash" : "/bin/sh";
  const files: Record<string, string> = {
    passwd: [
      "root:x:0:0:root:/root:/bin/sh",
      `dyno:x:${inside.uid}:${inside.gid}:dyno:${DYNO_HOME}:${shell}`,
      "nobody:x:65534:65534:nobody:/nonexistent:/bin/false",
    ].join("\n"),
    group: ["root:x:0:", "tty:x:5:", `dyno:x:${inside.gid}:`, "nogroup:x:65534:"].join("\n"),
    "nsswitch.conf": [
      "passwd: files",
      "group: files",
      "hosts: files dns",
      "services: files",
      "protocols: files",
    ].join("\n"),
    shells: ["/bin/sh", "/bin/bash"].join("\n"),
    timezone: "Etc/UTC",
    "ssl/openssl.cnf": "[req]\ndistinguished_name = subject\n[subject]",
  };
  for (const [name, text] of Object.entries(files)) await writeFile(at("etc", name), `${text}\n`);
  await writeFile(at(INIT_PATH), initText());
  for (const name of ["hosts", "resolv.conf"]) await writeFile(at("etc", name), "");
  for (const name of PUBLIC_TABLES)
    if (existsSync(`/etc/${name}`)) await copyFile(`/etc/${name}`, at("etc", name));
  await symlink("/usr/share/zoneinfo/Etc/UTC", at("etc/localtime"));
  await symlink("../usr/lib/os-release", at("etc/os-release"));
  await symlink("/proc/mounts", at("etc/mtab"));
  await copyAlternatives(at);
  await copyJavaSettings(at);
  await copyCertificates(at, caBundle);
}

/** `/usr/bin/awk` and many others lead through `/etc/alternatives` back into `/usr`. */
async function copyAlternatives(at: At): Promise<void> {
  if (!existsSync("/etc/alternatives")) return;
  await mkdir(at("etc/alternatives"));
  for (const name of readdirSync("/etc/alternatives")) {
    const link = join("/etc/alternatives", name);
    if (!lstatSync(link).isSymbolicLink()) continue;
    const target = resolve("/etc/alternatives", readlinkSync(link));
    if (target.startsWith("/usr/") && !target.startsWith("/usr/local/"))
      await symlink(target, at("etc/alternatives", name));
  }
}

/** Debian's JDKs have their settings here, and without them no certificate and no random number; what only root may read stays. */
async function copyJavaSettings(at: At): Promise<void> {
  const jdks = readdirSync("/etc").filter((name) => /^java-\d+-openjdk$/.test(name));
  for (const file of jdks.flatMap((name) => filesBelow(join("/etc", name)))) {
    if ((lstatSync(file).mode & 0o004) === 0) continue;
    await mkdir(at(file, ".."), { recursive: true });
    await copyFile(file, at(file));
  }
}

function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function copyCertificates(at: At, caBundle: string | undefined): Promise<void> {
  const source = caBundle ?? CERTIFICATE_PATHS.find((path) => existsSync(path));
  if (!source) return;
  const certificates = readFileSync(source);
  for (const path of CERTIFICATE_PATHS) {
    await mkdir(at(path, ".."), { recursive: true });
    await writeFile(at(path), certificates);
  }
}
