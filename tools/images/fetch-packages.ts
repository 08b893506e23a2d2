import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type DebianPackage, parseInstalls, parseRecords } from "../../buildpacks/shared/apt-output.ts";
import { choosePackages, type PackageList } from "../../buildpacks/shared/base-packages.ts";
import { errorText } from "../../platform/src/kernel/index.ts";
import { runProgram } from "../cluster/run-program.ts";
import { type DebianRelease, makeAptConfig, makePreferences } from "./debian-release.ts";
import { ImageError } from "./image-error.ts";

/** A package with the layer it goes to. */
export interface ChosenPackage extends DebianPackage {
  readonly layer: string;
}

/** apt at work in a folder of its own: this machine's packages, lists and configuration are neither used nor changed. */
export interface PrivateApt {
  readonly folder: string;
  run(program: "apt-get" | "apt-cache", args: readonly string[], folder?: string): Promise<string>;
}

/**
 * Makes apt ready, for this machine's architecture or another one of Debian's, with the lists of this machine's sources. Their signatures are checked by apt with the machine's keys.
 * @throws ImageError when they cannot be had
 */
export async function openApt(
  folder: string,
  release: DebianRelease,
  architecture?: string,
): Promise<PrivateApt> {
  for (const name of ["lists/partial", "archives/partial", "none"])
    await mkdir(join(folder, name), { recursive: true });
  const machine = await runProgram("apt-config", ["dump"]);
  const config = join(folder, "apt.conf");
  await writeFile(
    config,
    makeAptConfig({ folder, architecture: architecture ?? (await debianArchitecture()), machine }),
  );
  await writeFile(join(folder, "preferences"), makePreferences(release));
  await writeFile(join(folder, "status"), "");
  const environment = { ...process.env, APT_CONFIG: config, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" };
  const run: PrivateApt["run"] = (program, args, where) =>
    runProgram(program, args, { environment, ...(where === undefined ? {} : { folder: where }) });
  // A vendor's source that does not answer is no matter; one of the release's own is missed below, by its packages.
  await run("apt-get", ["update", "--quiet=2"]).catch((cause: Error) => {
    throw new ImageError("failed", `The package lists cannot be had. ${cause.message}`, { cause });
  });
  return { folder, run };
}

async function debianArchitecture(): Promise<string> {
  return (await runProgram("dpkg", ["--print-architecture"])).trim();
}

/**
 * All packages of the image: those of the list and what they need, without what is only recommended.
 * @throws ImageError when the machine's sources do not have them
 */
export async function resolvePackages(
  apt: PrivateApt,
  release: DebianRelease,
  list: PackageList,
): Promise<ChosenPackage[]> {
  try {
    return await resolve(apt, list);
  } catch (cause) {
    throw new ImageError(
      "failed",
      `The packages cannot be had. Is the archive of ${release.id} ${release.version} (${release.codename}) among this ` +
        `machine's apt sources?\n${errorText(cause)}`,
      { cause },
    );
  }
}

async function resolve(apt: PrivateApt, list: PackageList): Promise<ChosenPackage[]> {
  const available = new Set((await apt.run("apt-cache", ["pkgnames"])).split("\n"));
  const wanted: string[] = [];
  const layers = new Map<string, string>();
  let chosen: DebianPackage[] = [];
  for (const [layer, names] of Object.entries(list)) {
    wanted.push(...choosePackages(names, available));
    chosen = await closureOf(apt, wanted);
    for (const { name } of chosen) if (!layers.has(name)) layers.set(name, layer);
  }
  return chosen.map((one) => ({ ...one, layer: layers.get(one.name) ?? "" }));
}

async function closureOf(apt: PrivateApt, wanted: readonly string[]): Promise<DebianPackage[]> {
  const installs = parseInstalls(await apt.run("apt-get", ["--simulate", "--quiet=2", "install", ...wanted]));
  const names = installs.map(({ name, version }) => `${name}=${version}`);
  const packages = parseRecords(await apt.run("apt-cache", ["show", ...names]));
  const undescribed = installs.filter(({ name }) => !packages.some((one) => one.name === name));
  if (undescribed.length === 0) return packages;
  throw new Error(`apt describes no ${undescribed.map(({ name }) => name).join(", ")}.`);
}

/**
 * Sees to it that the folder holds the packages' files, `<sha256>.deb`, and no others. Every file is checked against
 * the signed index, also one that has been there before.
 */
export async function fetchPackages(
  apt: PrivateApt,
  packages: readonly DebianPackage[],
  folder: string,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const kept = new Set(packages.map(packageFile));
  for (const name of await readdir(folder))
    if (!kept.has(name)) await rm(join(folder, name), { force: true });
  const missing: DebianPackage[] = [];
  for (const one of packages) if (!(await isWhole(join(folder, packageFile(one)), one))) missing.push(one);
  if (missing.length === 0) return;
  const arriving = join(apt.folder, "arriving");
  await mkdir(arriving, { recursive: true });
  const names = missing.map(({ name, version }) => `${name}=${version}`);
  await apt.run("apt-get", ["download", "--quiet=2", ...names], arriving);
  const byHash = new Map(missing.map((one) => [one.sha256, one]));
  for (const name of await readdir(arriving)) {
    const one = byHash.get(await hashOf(join(arriving, name)));
    if (one) await rename(join(arriving, name), join(folder, packageFile(one)));
  }
  for (const one of missing) {
    if (await isWhole(join(folder, packageFile(one)), one)) continue;
    throw new ImageError(
      "failed",
      `${one.name} ${one.version} is not what the package index says. Try again.`,
    );
  }
}

export function packageFile({ sha256 }: DebianPackage): string {
  return `${sha256}.deb`;
}

async function isWhole(file: string, { bytes, sha256 }: DebianPackage): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  return found?.size === bytes && (await hashOf(file)) === sha256;
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
