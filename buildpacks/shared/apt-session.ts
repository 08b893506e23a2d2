import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type DebianPackage, parseInstalls, parseRecords } from "./apt-output.ts";
import { choosePackages, RUN_PACKAGES } from "./base-packages.ts";
import type { BuildContext } from "./build-context.ts";
import { BuildFailure, reasonOf } from "./build-failure.ts";
import {
  aptSettings,
  archiveAddresses,
  type DebianBase,
  NEVER_FETCHED,
  packagesOfBase,
  readBase,
  sourcesList,
  statusOfBase,
} from "./debian-archive.ts";
import { readTool } from "./run-tool.ts";

/** apt at work for one build, in a folder of its own and without rights. */
export interface AptSession {
  readonly base: DebianBase;
  /** Names of the packages that the release has. */
  readonly names: ReadonlySet<string>;
  /** Records of packages, `name` or `name=version`; those that are not there are left out. */
  records(names: readonly string[]): Promise<readonly DebianPackage[]>;
  /**
   * What has to be fetched for these packages: they and what they need, less what the base has.
   * @throws BuildFailure when they are not to be had together
   */
  closure(names: readonly string[]): Promise<readonly DebianPackage[]>;
  /** Puts the packages' files into the folder; each is checked by apt against the signed index. */
  download(packages: readonly DebianPackage[], folder: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

const PROGRAMS = ["apt-get", "apt-cache", "dpkg-deb"];

/**
 * The base's release. `osRelease` is a file for tests.
 * @throws BuildFailure where the base is no Debian or Ubuntu, or has no apt
 */
export async function requireBase(
  { env }: Pick<BuildContext, "env">,
  osRelease = "/etc/os-release",
): Promise<DebianBase> {
  const base = readBase(await readFile(osRelease, "utf8").catch(() => ""), process.arch);
  if (base === undefined) {
    throw new BuildFailure("This base is not of Debian or Ubuntu, so that no package of theirs fits it.", [
      "Builds that need one run on such a base alone; tell the operator.",
    ]);
  }
  const folders = (env.PATH ?? "").split(":").filter(Boolean);
  const missing = PROGRAMS.filter((name) => !folders.some((folder) => existsSync(path.join(folder, name))));
  if (missing.length > 0) {
    throw new BuildFailure(`The base has no ${missing.join(", ")}, by which packages are fetched.`, [
      "The operator adds them: the packages apt and dpkg.",
    ]);
  }
  return base;
}

/**
 * Fetches the archive's lists and makes apt ready.
 * @throws BuildFailure when the archive cannot be reached or is not signed as it has to be
 */
export async function openAptSession(context: BuildContext, base: DebianBase): Promise<AptSession> {
  const folder = await mkdtemp(path.join(tmpdir(), "conifer-apt-"));
  try {
    return await prepare(context, base, folder);
  } catch (thrown) {
    await rm(folder, { recursive: true, force: true });
    throw thrown;
  }
}

async function prepare(context: BuildContext, base: DebianBase, folder: string): Promise<AptSession> {
  for (const name of ["lists/partial", "archives/partial", "none"])
    await mkdir(path.join(folder, name), { recursive: true });
  const addresses = archiveAddresses(base, context.env.CONIFER_RUNTIME_SOURCES);
  await writeFile(path.join(folder, "apt.conf"), aptSettings(folder, base));
  await writeFile(path.join(folder, "sources.list"), sourcesList(base, addresses));
  await writeFile(path.join(folder, "status"), "");
  const env = {
    ...context.env,
    APT_CONFIG: path.join(folder, "apt.conf"),
    LC_ALL: "C",
    DEBIAN_FRONTEND: "noninteractive",
  };
  const run = (command: string, args: readonly string[], cwd = folder) =>
    readTool({ command, args, cwd, env, signal: context.signal });
  await run("apt-get", ["update", "--quiet=2", "-o", "APT::Update::Error-Mode=any"]).catch((thrown) => {
    context.signal.throwIfAborted();
    throw new BuildFailure(
      `The package lists of ${base.id} ${base.codename} cannot be had: ${linesOf(thrown)}`,
      [
        "Push again later. The operator can name a mirror in CONIFER_RUNTIME_SOURCES: debian=<URL>,debian-security=<URL>",
      ],
    );
  });
  const names = new Set((await run("apt-cache", ["pkgnames"])).split("\n"));
  const records = async (wanted: readonly string[]) => {
    const known = wanted.filter((name) => names.has(name.replace(/=.*/, "")));
    return known.length === 0 ? [] : parseRecords(await run("apt-cache", ["show", ...known]));
  };
  const install = async (wanted: readonly string[]) => {
    const text = await run("apt-get", ["--simulate", "--quiet=2", "install", ...wanted]);
    const found = parseInstalls(text);
    return records(found.map(({ name, version }) => `${name}=${version}`));
  };
  // What this release has not got, its run images have not got either.
  const listed = Object.values(RUN_PACKAGES).flat();
  const optional = listed.map((entry) => (entry.endsWith("?") ? entry : `${entry}?`));
  const ofRunImage = await install(choosePackages(optional, names));
  const never = await records(NEVER_FETCHED);
  const assumed = [...new Map([...ofRunImage, ...never].map((one) => [one.name, one])).values()];
  const onBase = packagesOfBase(assumed, isOnBase);
  await writeFile(path.join(folder, "status"), statusOfBase(onBase));
  const there = new Set(onBase.map(({ name }) => name));
  // apt takes a package of the base for another of the same version, since it is told nothing of what it needs.
  const closureOf = async (wanted: readonly string[]) =>
    (await install(wanted)).filter(({ name }) => !there.has(name));
  return {
    base,
    names,
    records,
    closure: (wanted) =>
      wanted.length === 0
        ? Promise.resolve([])
        : closureOf(wanted).catch((thrown) => {
            context.signal.throwIfAborted();
            throw new BuildFailure(
              `The packages ${wanted.join(", ")} are not to be had together: ${linesOf(thrown)}`,
              [
                "See https://packages.debian.org or https://packages.ubuntu.com for what the release has, and in which version.",
              ],
            );
          }),
    async download(packages, target) {
      await mkdir(target, { recursive: true });
      const wanted = packages.map(({ name, version }) => `${name}=${version}`);
      await run("apt-get", ["download", "--quiet=2", ...wanted], target).catch((thrown) => {
        context.signal.throwIfAborted();
        throw new BuildFailure(`Packages could not be fetched: ${linesOf(thrown)}`, [
          "Push again to repeat the build.",
        ]);
      });
      return (await readdir(target)).filter((name) => name.endsWith(".deb")).sort();
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Every package of Debian's leaves its license here, also where the package manager's own records are not seen. */
function isOnBase(name: string): boolean {
  return existsSync(path.join("/usr/share/doc", name));
}

/** What apt complains of, without what it says before each line. */
function linesOf(thrown: unknown): string {
  const lines = reasonOf(thrown)
    .split("\n")
    .flatMap((line) => /(?:^|: )E: (.*)$/.exec(line)?.[1] ?? []);
  return lines.length > 0 ? lines.slice(0, 4).join(" ") : reasonOf(thrown);
}
