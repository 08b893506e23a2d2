import { readFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "smol-toml";
import { BuildFailure } from "./build-failure.ts";
import { type BuildLog, makeBuildLog } from "./build-log.ts";

/** What a lifecycle hands to `bin/build` (Buildpack API 0.10: positional arguments, since 0.8 also `CNB_*`). */
export interface BuildContext {
  /** The app's folder, which is the working directory. It may be changed. */
  readonly appDir: string;
  /** This buildpack's layers. */
  readonly layersDir: string;
  /** This buildpack's own folder, read only. */
  readonly buildpackDir: string;
  /** This buildpack's version; layers made by another version are made anew. */
  readonly version: string;
  /** The build's environment; the lifecycle has put the app's config vars into it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: BuildLog;
  /** Aborted on SIGTERM or SIGINT; whatever runs is then stopped. */
  readonly signal: AbortSignal;
}

/**
 * Runs a build as the program `bin/build`: exit status 0 when it went well, 1 with a message otherwise
 * (the Buildpack API leaves the other codes open).
 */
export async function runBuild(build: (context: BuildContext) => Promise<void>): Promise<void> {
  const log = makeBuildLog((text) => process.stdout.write(text));
  const stop = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => stop.abort());
  try {
    await build(await contextOf(process.argv, process.env, { log, signal: stop.signal }));
  } catch (thrown) {
    process.exitCode = 1;
    if (stop.signal.aborted) log.warn("The build was stopped.");
    else tell(log, thrown);
  }
}

async function contextOf(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  rest: Pick<BuildContext, "log" | "signal">,
): Promise<BuildContext> {
  const layersDir = env.CNB_LAYERS_DIR ?? argv[2];
  if (layersDir === undefined) {
    throw new BuildFailure("bin/build got no layers folder.", [
      "A lifecycle passes it as the first argument or in CNB_LAYERS_DIR.",
    ]);
  }
  const buildpackDir = env.CNB_BUILDPACK_DIR ?? path.resolve(argv[1] ?? ".", "../..");
  const descriptor = parse(await readFile(path.join(buildpackDir, "buildpack.toml"), "utf8"));
  const { version } = descriptor.buildpack as { readonly version: string };
  return { appDir: process.cwd(), layersDir: path.resolve(layersDir), buildpackDir, version, env, ...rest };
}

function tell(log: BuildLog, thrown: unknown): void {
  if (thrown instanceof BuildFailure) {
    log.warn(["", thrown.message, ...thrown.advice].join("\n"));
  } else {
    log.warn(
      `\nThe buildpack itself failed; this is not the app's fault.\n${(thrown as Error)?.stack ?? thrown}`,
    );
  }
}
