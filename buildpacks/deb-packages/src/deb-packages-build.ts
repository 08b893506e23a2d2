import { readFile } from "node:fs/promises";
import path from "node:path";
import type { DebianPackage } from "../../shared/apt-output.ts";
import type { AptSession } from "../../shared/apt-session.ts";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure } from "../../shared/build-failure.ts";
import { provideDebian } from "../../shared/provide-debian.ts";
import { nearNames, type PackageWish, readWishes } from "./package-wishes.ts";

/** Puts the packages that the app lists, and what they need, into a layer for the build and the image. */
export async function build(context: BuildContext): Promise<void> {
  const { log, appDir } = context;
  const read = (name: string) => readFile(path.join(appDir, name), "utf8").catch(() => undefined);
  log.step("Packages of the release");
  const result = readWishes({ aptfile: await read("Aptfile"), project: await read("project.toml") });
  if (!result.ok) throw new BuildFailure(result.message, result.advice);
  const { wishes } = result;
  if (wishes.length === 0) {
    log.warn("No packages are listed. Remove the empty list, or add names of packages to it.");
    return;
  }
  const { packages, isNew } = await provideDebian(context, {
    layer: "packages",
    asked: { wishes: wishes.map(describeWish).join(" ") },
    choose: async (apt) => ({ packages: await choosePackagesOf(apt, wishes, log) }),
  });
  const names = new Set(wishes.map(({ name }) => name));
  const asked = packages.filter(({ name }) => names.has(name));
  log.detail(
    `${isNew ? "Using" : "Using as at the last build"}: ${asked.map(({ name, version }) => `${name} ${version}`).join(", ") || "nothing, the base has all of it"}`,
  );
}

function describeWish({ name, version, skipDependencies, force }: PackageWish): string {
  return `${name}${version ? `=${version}` : ""}${skipDependencies ? "!" : ""}${force ? "*" : ""}`;
}

async function choosePackagesOf(
  apt: AptSession,
  wishes: readonly PackageWish[],
  log: BuildContext["log"],
): Promise<readonly DebianPackage[]> {
  const unknown = wishes.filter(({ name }) => !apt.names.has(name));
  if (unknown.length > 0) throw notThere(apt, unknown);
  const nameOf = ({ name, version }: PackageWish) => (version === undefined ? name : `${name}=${version}`);
  const whole = wishes.filter(({ skipDependencies }) => !skipDependencies).map(nameOf);
  const alone = wishes.filter(({ skipDependencies, force }) => skipDependencies || force).map(nameOf);
  const chosen = [...(await apt.closure(whole)), ...(await apt.records(alone))];
  const byName = new Map(chosen.map((one) => [one.name, one]));
  for (const { name } of wishes.filter((wish) => !byName.has(wish.name)))
    log.detail(`${name} is on the base already`);
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function notThere(apt: AptSession, unknown: readonly PackageWish[]): BuildFailure {
  const { id, version, codename } = apt.base;
  const names = unknown.map(({ name }) => name);
  const near = nearNames(names, apt.names);
  return new BuildFailure(
    `${id} ${version} (${codename}), of which the base is, has no package ${names.join(", ")}.`,
    [near.length > 0 ? `Names that are near: ${near.join(", ")}` : "Check how the package is called there."],
  );
}
