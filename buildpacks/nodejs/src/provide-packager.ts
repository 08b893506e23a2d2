import type { BuildContext } from "../../shared/build-context.ts";
import type { NodeRuntime } from "../../shared/provide-node.ts";
import type { Fetcher } from "../../shared/verified-download.ts";
import { type Program, programsCalled } from "./node-processes.ts";
import type { NodeProject } from "./node-project.ts";
import { type Manager, makeManager, managerOfApp } from "./packager-tool.ts";
import { nameOf, PROGRAMS } from "./packager-version.ts";

/** What the package managers of a build come from. */
export interface Parts {
  readonly project: NodeProject;
  readonly node: NodeRuntime;
  readonly fetcher: Fetcher;
}

/** The app's own: from the registry, or the one its repository brings. */
export function managerOf(context: BuildContext, { project, node, fetcher }: Parts): Promise<Manager> {
  const { manager: choice, yarn } = project;
  if (choice.kind === "berry" && yarn.program !== undefined) {
    return managerOfApp(context, { node, file: yarn.program });
  }
  return makeManager(context, { node, choice, fetcher });
}

/** Package managers that scripts call besides the app's own: `npm run` in an app of pnpm's is ordinary. */
export async function helpersOf(
  context: BuildContext,
  { project, node, fetcher }: Parts,
): Promise<readonly Manager[]> {
  const called = programsCalled(Object.values(project.packageJson.scripts).join("\n"));
  const others = called.filter((name) => name !== PROGRAMS[project.manager.kind]);
  return Promise.all(others.map((name) => makeManager(context, { node, choice: choiceOf(name), fetcher })));
}

/** Makes a package manager other than the app's, at its default version. */
export function otherManager(
  context: BuildContext,
  { node, fetcher }: Parts,
): (name: Program) => Promise<Manager> {
  return (name) => makeManager(context, { node, choice: choiceOf(name), fetcher });
}

const choiceOf = (kind: Manager["kind"]) => ({ kind, lock: undefined, asked: undefined });

/** Says in the log which one builds, at which version, and why. */
export async function tellManager(
  { log }: BuildContext,
  project: NodeProject,
  manager: Manager,
): Promise<void> {
  const { manager: choice, yarn } = project;
  for (const warning of choice.warnings) log.warn(warning);
  if (yarn.programIsMissing && choice.kind === "berry") {
    log.warn(
      "yarnPath in .yarnrc.yml names a file that is not in the repository; Yarn comes from the registry.",
    );
  }
  const version = (await manager.version()).replace(/\+.*/, "");
  const from = yarn.program !== undefined && choice.kind === "berry" ? yarn.program : choice.asked?.statedIn;
  const why = [...new Set([choice.reason, from ?? "no version asked for"])].join("; ");
  log.detail(`Package manager: ${nameOf(manager.kind)} ${version} (${why})`);
}
