import { mkdir } from "node:fs/promises";
import { totalmem } from "node:os";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure } from "../../shared/build-failure.ts";
import { openLayer, saveLayer } from "../../shared/layer-folder.ts";
import { runTool } from "../../shared/run-tool.ts";
import { adviceFor } from "./failure-advice.ts";
import type { NodeProject } from "./node-project.ts";
import { installArgs, pruneArgs, relockCommand, runArgs, type Speaker } from "./packager-commands.ts";
import { managerVariables, withHeap } from "./packager-environment.ts";
import type { Manager } from "./packager-tool.ts";
import { nameOf, PROGRAMS } from "./packager-version.ts";
import type { InstallPlan } from "./plan-install.ts";

/** What the steps of an installation have in common. */
export interface Installing {
  readonly context: BuildContext;
  readonly plan: InstallPlan;
  readonly project: NodeProject;
  readonly manager: Manager;
  /** Managers that scripts call besides the app's own. */
  readonly helpers: readonly Manager[];
}

/** How much of what a program wrote is searched for a known cause; characters. */
/** As shells count a program that SIGKILL ended. */
const KILLED = 137;
const REMEMBERED = 64 * 1024;

export async function speakerOf({ manager }: Pick<Installing, "manager">): Promise<Speaker> {
  return { kind: manager.kind, version: await manager.version() };
}

/** Installs by the lock file, which must not change, or without one where there is none. */
export async function install(
  installing: Installing,
  folder: string,
  scope: "all" | "launch",
): Promise<void> {
  const { context, project, plan } = installing;
  const locked = project.lockFile !== undefined;
  const dev = scope === "all" || plan.keepsDev;
  const speaker = await speakerOf(installing);
  const args = installArgs(speaker, { locked, dev, zeroInstall: project.yarn.zeroInstall });
  const words = args.filter((word) => !word.includes("dev") && !word.includes("prod"));
  context.log.step(`Installing packages (${PROGRAMS[speaker.kind]} ${words.join(" ")})`);
  await callManager(installing, folder, args);
  if (plan.linksPackages) await mkdir(path.join(folder, "node_modules"), { recursive: true });
}

/** Removes packages that only development needs. Nothing of the app or its packages runs. */
export async function prune(installing: Installing, folder: string): Promise<void> {
  const { context, project } = installing;
  const state = {
    locked: project.lockFile !== undefined,
    workspaces: project.hasWorkspaces,
    focusPlugin: project.yarn.hasFocusPlugin,
  };
  const args = pruneArgs(await speakerOf(installing), state);
  if (args === undefined) {
    context.log.detail(
      "Development packages stay: this Yarn takes them out only with its plug-in workspace-tools (yarn plugin import workspace-tools)",
    );
    return;
  }
  context.log.detail("Pruning development packages");
  // Without a terminal to ask, pnpm makes modules anew only where it takes itself to be in CI.
  await callManager(installing, folder, args, { CI: "1" });
}

/** Runs a script of the app, when it has one of that name, with the scripts that the manager runs beside it. */
export async function runScript(installing: Installing, name: string): Promise<void> {
  const { context, project, manager } = installing;
  if (project.packageJson.scripts[name] === undefined) return;
  context.log.step(`Running the script ${name}`);
  const env = { ...(await environment(installing)), NODE_ENV: context.env.NODE_ENV || "production" };
  const { code, output } = await run(installing, context.appDir, {
    args: runArgs(await speakerOf(installing), name),
    env,
  });
  if (code === 0) return;
  throw new BuildFailure(
    `The script ${name} failed with status ${code}.`,
    adviceFor(manager.kind, output) ?? ["See its output above, correct it and push again."],
  );
}

async function callManager(
  installing: Installing,
  folder: string,
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { kind } = installing.manager;
  // With NODE_ENV=production packages that the build needs would be left out.
  const { NODE_ENV: _, ...env } = await environment(installing);
  const { code, output } = await run(installing, folder, { args, env: { ...env, ...more } });
  if (code === 0) return;
  throw new BuildFailure(
    `${nameOf(kind)} ${args[0]} failed with status ${code}. Its own words are above.`,
    adviceFor(kind, output) ?? [
      `Correct what ${nameOf(kind)} names, and push again. On your machine: ${relockCommand(kind)}`,
    ],
  );
}

interface Call {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Runs the manager's program; its output goes to the log, and the end of it to whoever looks for a cause. */
async function run({ context, manager }: Installing, cwd: string, { args, env }: Call) {
  let output = "";
  const detail = (line: string) => {
    output = `${output}\n${line}`.slice(-REMEMBERED);
    context.log.detail(line);
  };
  const code = await runTool({
    command: path.join(await manager.node(), "bin", "node"),
    args: [await manager.program(), ...args],
    cwd,
    env,
    log: { detail },
    signal: context.signal,
  });
  // Who is killed for want of memory cannot say so.
  return { code, output: code === KILLED ? `${output}\nKilled` : output };
}

async function environment(installing: Installing): Promise<Record<string, string | undefined>> {
  const { context, manager, helpers, project } = installing;
  const { NPM_CONFIG_PRODUCTION: _, npm_config_production: __, YARN_PRODUCTION: ___, ...env } = context.env;
  const cache = await openLayer(context.layersDir, cacheLayer(manager));
  await mkdir(cache.dir, { recursive: true });
  await saveLayer(cache, { cache: true }, {});
  const node = await manager.node();
  const folders = [node];
  for (const one of [manager, ...helpers]) folders.push((await one.folder()) ?? node);
  const globalCache = project.yarn.zeroInstall ? undefined : project.yarn.linker !== "pnp";
  return {
    ...env,
    HOME: env.HOME ?? context.layersDir,
    PATH: [...new Set(folders.map((folder) => path.join(folder, "bin"))), env.PATH ?? "/usr/bin:/bin"].join(
      ":",
    ),
    ...managerVariables(await speakerOf(installing), env, { cache: cache.dir, node, globalCache }),
    // Corepack's shims, where the base has them, would ask for what is chosen already.
    COREPACK_ENABLE_STRICT: "0",
    NODE_OPTIONS: withHeap(env.NODE_OPTIONS, memoryAtHand()),
    // Compiled code would be kept in /tmp, which ends with the build: half a second for nothing.
    ...(env.NODE_COMPILE_CACHE === undefined ? { NODE_DISABLE_COMPILE_CACHE: "1" } : {}),
  };
}

const cacheLayer = ({ kind }: Manager) => `${PROGRAMS[kind]}-cache`;

/** Bytes: the machine's memory, or less where a control group bounds it. */
function memoryAtHand(): number {
  const bound = process.constrainedMemory();
  return bound > 0 ? Math.min(bound, totalmem()) : totalmem();
}
