import { lstat, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import {
  type Builder,
  type BuildNews,
  type BuildResult,
  type BuildSpec,
  type BuildTurns,
  makeBuildTurns,
  waitingForRoom,
} from "../../../delivery/build/index.ts";
import { ARCHITECTURES } from "../../../delivery/image/index.ts";
import type { Running } from "../../../kernel/index.ts";
import { boundCaches, type CacheBounds, forgetCache, sweepCaches } from "./bound-caches.ts";
import { containerCache } from "./build-containers.ts";
import { clearBuildFolder, removeBuildFolder, returnCache } from "./build-folder.ts";
import type { BuildMachine } from "./build-machine.ts";
import { type BuildOutput, inLines, openBuildOutput } from "./build-output.ts";
import { cacheNamesOf } from "./cache-names.ts";
import { forgetOldBuilds, KEPT_FILES, keepResult, readKept } from "./kept-builds.ts";
import { runBuild, stoppedResult } from "./run-build.ts";

export interface EmbeddedBuilderOptions {
  readonly machine: BuildMachine;
  /** CONIFER_HOME/builds: a folder for each build. */
  readonly folder: string;
  /** Builds that run at the same time; others wait and say so. */
  readonly atOnce: number;
  /** Bytes of output that are kept of one build. */
  readonly outputLimitBytes: number;
  /** Ended builds whose output and result are kept for a caller that comes back. */
  readonly keptBuilds: number;
  readonly cacheBounds: CacheBounds;
}

/** A build from its acceptance to its result. */
interface LiveBuild {
  readonly root: string;
  readonly output: Promise<BuildOutput>;
  readonly ended: Promise<BuildResult>;
  /** Settles when nothing is left of the build but what is kept. */
  readonly gone: Promise<void>;
  readonly stop: AbortController;
}

/**
 * The builder of one machine. A caller that comes back soon finds the output and result of a build that ended
 * meanwhile. Stopping it ends all builds as `lost`. What a killed process has left is removed at the next start.
 */
export async function startEmbeddedBuilder(
  options: EmbeddedBuilderOptions,
): Promise<Running & { readonly builder: Builder }> {
  const { machine, folder } = options;
  await mkdir(folder, { recursive: true, mode: 0o711 });
  await removeRemains(options);
  await sweepCaches(machine.cacheRoot);
  const live = new Map<string, LiveBuild>();
  const turns = makeBuildTurns({ atOnce: options.atOnce });
  const begin = (spec: BuildSpec, root: string): LiveBuild => {
    const build = startBuild(spec, root, { options, turns });
    live.set(spec.id, build);
    void build.gone.finally(() => live.delete(spec.id));
    return build;
  };
  const builder: Builder = {
    async *build(spec, signal) {
      const root = join(folder, requireName(spec.id));
      const kept = live.has(spec.id) ? undefined : await readKept(root, signal);
      if (kept && !live.has(spec.id)) yield* kept;
      else yield* follow(live.get(spec.id) ?? begin(spec, root), signal);
    },
    async cancel(buildId) {
      const build = live.get(buildId);
      build?.stop.abort("cancelled");
      await build?.ended.catch(() => {});
    },
    async clearCache(appId) {
      const name = requireName(appId);
      for (const cache of [...cacheNamesOf(name), containerCache(name)])
        await forgetCache(machine.cacheRoot, cache);
    },
  };
  return {
    builder,
    async stop() {
      const all = [...live.values()];
      for (const { stop } of all) stop.abort("stopping");
      await Promise.allSettled(all.map(({ gone }) => gone));
    },
  };
}

function startBuild(
  spec: BuildSpec,
  root: string,
  { options, turns }: { options: EmbeddedBuilderOptions; turns: BuildTurns },
): LiveBuild {
  const stop = new AbortController();
  const output = openOutput(root, options);
  const ended = output.then(async (out) => {
    const result = await takeTurn(spec, { root, out, turns, machine: options.machine, signal: stop.signal });
    await returnCaches(root, options.machine.cacheRoot);
    await keepResult(root, result);
    await out.end();
    return result;
  });
  const gone = ended.then(
    async (result) => {
      if (result.kind === "lost") return removeBuildFolder(root);
      await clearBuildFolder(root, KEPT_FILES);
      await forgetOldBuilds(options.folder, options.keptBuilds);
      for (const cache of cacheNamesOf(spec.appId))
        await boundCaches(options.machine.cacheRoot, cache, options.cacheBounds);
      await options.machine.shelf.tidy();
    },
    () => removeBuildFolder(root),
  );
  gone.catch((error) =>
    options.machine.logger.error("what a build left could not be cleared", { error, root }),
  );
  return { root, output, ended, gone: gone.catch(() => {}), stop };
}

async function openOutput(root: string, options: EmbeddedBuilderOptions): Promise<BuildOutput> {
  await removeBuildFolder(root);
  await mkdir(root, { mode: 0o711 });
  return openBuildOutput(join(root, "output.log"), options.outputLimitBytes);
}

async function takeTurn(
  spec: BuildSpec,
  around: { root: string; out: BuildOutput; turns: BuildTurns; machine: BuildMachine; signal: AbortSignal },
): Promise<BuildResult> {
  const { root, out, turns, machine, signal } = around;
  const giveBack = await turns.take(spec, signal, (before) => out.append(waitingForRoom("machine", before)));
  if (!giveBack) return stoppedResult(signal);
  const lines = inLines((text) => out.append(text));
  try {
    return await runBuild(spec, machine, { root, write: lines.write, signal });
  } finally {
    lines.end();
    giveBack();
  }
}

async function* follow(build: LiveBuild, signal: AbortSignal): AsyncGenerator<BuildNews> {
  const output = await build.output;
  for await (const text of output.read(signal)) yield { kind: "output", text };
  if (!signal.aborted) yield { kind: "result", result: await build.ended };
}

/** Builds that were under way when the last process was killed: whatever still runs is ended, and caches go back. */
async function removeRemains({ machine, folder }: EmbeddedBuilderOptions): Promise<void> {
  for (const name of await readdir(folder)) {
    const root = join(folder, name);
    if (await lstat(join(root, "result.json")).catch(() => undefined)) continue;
    await machine.runner.removeRemains(root);
    await returnCaches(root, machine.cacheRoot);
    await removeBuildFolder(root);
  }
}

/** A build for other processors has a folder in that of the build, with a cache of its own. */
async function returnCaches(root: string, cacheRoot: string): Promise<void> {
  for (const folder of [root, ...ARCHITECTURES.map((one) => join(root, one))])
    await returnCache(folder, cacheRoot);
}

/** Ids become names of folders. */
function requireName(id: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9-]*$/.test(id)) return id;
  throw new Error(`"${id}" is not an id`);
}
