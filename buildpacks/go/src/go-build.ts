import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { BuildFailure } from "../../shared/build-failure.ts";
import { writeLaunchFile } from "../../shared/launch-file.ts";
import { clearLayer, type Layer, openLayer, saveLayer } from "../../shared/layer-folder.ts";
import { makeFetcher } from "../../shared/verified-download.ts";
import { callGo, type GoCall } from "./call-go.ts";
import {
  COMMAND_FORMAT,
  chooseCommands,
  commandProcesses,
  type GoCommand,
  readCommands,
  sharedNames,
  webCommand,
} from "./go-commands.ts";
import { goEnvironment, hasCompiler } from "./go-environment.ts";
import { type GoStatements, goRequirement, readGoMod } from "./go-mod-file.ts";
import { installArguments, listPatterns } from "./go-plan.ts";
import type { GoRequirement } from "./go-version.ts";
import { type GoToolchain, provideGo } from "./provide-go.ts";

/** Builds a Go app: a toolchain for the build, and the binaries of its commands for the image. */
export async function build(context: BuildContext): Promise<void> {
  const { log } = context;
  log.step("Go app detected");
  const statements = await readStatements(context);
  const fetcher = makeFetcher(context.env, context.signal);
  try {
    const go = await provideGo(context, requirementOf(statements), fetcher);
    const bin = await openLayer(context.layersDir, "commands");
    const call = await prepare(context, go, bin);
    const commands = await findCommands(call, statements);
    await install(call, { go, statements, commands });
    await saveLayer(bin, { launch: true }, { go: go.version, buildpack: context.version });
    await writeProcesses(context, commands);
  } finally {
    await fetcher.close();
  }
}

async function readStatements({ appDir }: BuildContext): Promise<GoStatements> {
  const read = async (name: string) => {
    const text = await readFile(path.join(appDir, name), "utf8").catch(() => undefined);
    return text === undefined ? undefined : readGoMod(text);
  };
  const [goMod, goWork] = [await read("go.mod"), await read("go.work")];
  return { ...(goMod && { goMod }), ...(goWork && { goWork }) };
}

function requirementOf(statements: GoStatements): GoRequirement {
  const read = goRequirement(statements);
  if (read.ok) return read.requirement;
  throw new BuildFailure(`"${read.text}" is no version of Go (${read.statedIn}).`, [
    "A line of Go looks like 1.25, an exact version like 1.25.3.",
  ]);
}

/** Opens the caches and empties the layer of binaries. */
async function prepare(context: BuildContext, go: GoToolchain, bin: Layer): Promise<GoCall> {
  const [modules, buildCache] = await Promise.all(
    ["go-modules", "go-build"].map(async (name) => {
      const layer = await openLayer(context.layersDir, name);
      await mkdir(layer.dir, { recursive: true });
      await saveLayer(layer, { cache: true }, {});
      return layer.dir;
    }),
  );
  await clearLayer(bin);
  const folders = {
    root: go.root,
    modules: modules as string,
    buildCache: buildCache as string,
    bin: path.join(bin.dir, "bin"),
  };
  if (context.env.CGO_ENABLED === undefined && !hasCompiler(context.env))
    context.log.detail("There is no C compiler on the base; building without cgo");
  return { context, root: go.root, env: goEnvironment(context.env, go.version, folders) };
}

async function findCommands(call: GoCall, statements: GoStatements): Promise<readonly GoCommand[]> {
  const { appDir, env } = call.context;
  const failure = "Go could not read the app's packages.";
  const listed = listPatterns(statements, env);
  const modules = async () =>
    (await callGo(call, ["list", "-m", "-f", "{{.Dir}}"], { show: false, failure }))
      .split("\n")
      .filter((line) => path.isAbsolute(line))
      .map((dir) => `./${path.join(path.relative(appDir, dir), "...")}`);
  const patterns = listed ?? (await modules());
  const output = await callGo(call, ["list", "-find", "-f", COMMAND_FORMAT, ...patterns], {
    show: false,
    failure,
  });
  const all = readCommands(output);
  const commands = listed === undefined ? chooseCommands(all) : all;
  if (commands.length === 0) throw noCommands(patterns);
  const shared = sharedNames(commands);
  if (shared.length === 0) return commands;
  const same = commands.filter(({ name }) => name === shared[0]).map(({ importPath }) => importPath);
  throw new BuildFailure(`More than one command would be called ${shared[0]}: ${same.join(", ")}.`, [
    "Name the ones to build by a comment in go.mod, for example:",
    `  // +heroku install ${same[0]}`,
  ]);
}

function noCommands(patterns: readonly string[]): BuildFailure {
  return new BuildFailure(`There is no command among the packages ${patterns.join(" ")}.`, [
    "An app has a package main, at the top or in a folder such as cmd/web.",
  ]);
}

interface Installing {
  readonly go: GoToolchain;
  readonly statements: GoStatements;
  readonly commands: readonly GoCommand[];
}

async function install(call: GoCall, { go, statements, commands }: Installing): Promise<void> {
  const { context } = call;
  const isVendored = existsSync(path.join(context.appDir, "vendor", "modules.txt"));
  const flags = installArguments({ version: go.version, statements, isVendored, env: context.env });
  const paths = commands.map(({ importPath }) => importPath);
  context.log.step(`Building ${commands.map(({ name }) => name).join(", ")}`);
  if (isVendored) context.log.detail("Using the modules of the vendor folder");
  context.log.detail(["go install", ...flags, ...paths].join(" "));
  await callGo(call, ["install", ...flags, ...paths], { show: true, failure: "The app could not be built." });
}

async function writeProcesses(context: BuildContext, commands: readonly GoCommand[]): Promise<void> {
  const hasProcfile = existsSync(path.join(context.appDir, "Procfile"));
  await writeLaunchFile(context.layersDir, { processes: commandProcesses(commands, hasProcfile) });
  if (hasProcfile || webCommand(commands) !== undefined) return;
  const names = commands.map(({ name }) => name).join(", ");
  context.log.warn(
    `The app has several commands (${names}) and none is called web. Add a Procfile, for example with the line:\n  web: ${commands[0]?.name}`,
  );
}
