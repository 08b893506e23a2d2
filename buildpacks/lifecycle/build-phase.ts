import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readTarget } from "./analyzed-file.ts";
import { type PlanEntry, planFor, withoutMet } from "./build-plan.ts";
import { type Buildpack, readBuildpack } from "./buildpack-descriptor.ts";
import {
  addBuildLayers,
  type BuildpackEnvironment,
  environmentFor,
  readBuildpackEnvironment,
  targetVariables,
} from "./buildpack-environment.ts";
import { readGroup } from "./group-file.ts";
import { type LaunchFile, mergeLaunch, metadataTable, readLaunch } from "./launch-metadata.ts";
import { layersFolder, readLayers, setAsideIgnored } from "./layer-files.ts";
import type { PhaseContext } from "./phase-context.ts";
import { EXIT, inPhase, PhaseError } from "./phase-error.ts";
import { runExecutable } from "./run-executable.ts";
import { readDescriptor, readToml, tables, text, writeToml } from "./toml-files.ts";

/** Runs `bin/build` of every buildpack of the group and writes `config/metadata.toml`. */
export async function build(context: PhaseContext): Promise<void> {
  const { inputs } = context;
  await inPhase(EXIT.build, "building", async () => {
    const group = await readGroup(inputs.text("group"));
    let entries = (tables((await readToml(inputs.text("plan")))?.entries) as unknown as PlanEntry[]) ?? [];
    let environment = await readBuildpackEnvironment(
      inputs.env,
      inputs.text("platform"),
      inputs.text("build-config"),
    );
    const launches: LaunchFile[] = [];
    for (const { id, version } of group) {
      const buildpack = await readBuildpack(inputs.text("buildpacks"), id, version);
      const ran = await runBuild(context, buildpack, entries, environment);
      launches.push(ran.launch);
      entries = withoutMet(entries, id, ran.unmet);
      environment = { ...environment, base: await addBuildLayers(environment.base, ran.buildLayers) };
    }
    const metadata = metadataTable(mergeLaunch(launches), group);
    await writeToml(join(inputs.text("layers"), "config", "metadata.toml"), metadata);
  });
}

interface BuildRan {
  readonly launch: LaunchFile;
  readonly unmet: readonly string[];
  readonly buildLayers: readonly string[];
}

async function runBuild(
  { inputs }: PhaseContext,
  buildpack: Buildpack,
  entries: readonly PlanEntry[],
  environment: BuildpackEnvironment,
): Promise<BuildRan> {
  const folder = layersFolder(inputs.text("layers"), buildpack.id);
  await mkdir(folder, { recursive: true });
  const scratch = await mkdtemp(join(tmpdir(), "plan-"));
  try {
    const plan = join(scratch, "plan.toml");
    await writeToml(plan, { entries: planFor(entries, buildpack.id) });
    const { exitCode } = await runExecutable({
      file: join(buildpack.folder, "bin", "build"),
      args: [folder, inputs.text("platform"), plan],
      cwd: inputs.text("app"),
      env: environmentFor(environment, buildpack, {
        ...targetVariables(readTarget(await readToml(inputs.text("analyzed")))),
        CNB_BP_PLAN_PATH: plan,
        CNB_BUILDPACK_DIR: buildpack.folder,
        CNB_EXEC_ENV: inputs.execEnv,
        CNB_LAYERS_DIR: folder,
        CNB_PLATFORM_DIR: inputs.text("platform"),
      }),
      output: "inherit",
    });
    if (exitCode !== 0)
      throw new PhaseError(
        EXIT.buildpackFailed,
        `${buildpack.id} ${buildpack.version} failed with exit status ${exitCode}.`,
      );
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  const layers = await readLayers(inputs.text("layers"), buildpack.id);
  await setAsideIgnored(layers);
  const unmet = tables((await readDescriptor(join(folder, "build.toml"), "build"))?.unmet).map(({ name }) =>
    text(name),
  );
  return {
    launch: readLaunch((await readDescriptor(join(folder, "launch.toml"), "launch")) ?? {}, buildpack),
    unmet,
    buildLayers: layers.filter((l) => l.types.build && l.hasContent).map((l) => l.folder),
  };
}
