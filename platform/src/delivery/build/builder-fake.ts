import { aborted } from "../../kernel/index.ts";
import type { Builder, BuildNews, BuildResult, BuildSpec } from "./build-ports.ts";

/** How a build of the fake goes. */
export interface BuildScript {
  readonly output?: readonly string[];
  readonly result: BuildResult;
  /** Waits after the output until `release` or `cancel`. */
  readonly hold?: boolean;
}

/** A Builder that does what it is told, for tests of its callers. */
export interface FakeBuilder extends Builder {
  /** How builds go whose source is this digest; sources without a script fail. */
  script(source: string, script: BuildScript): void;
  /** Lets a held build go on to its result. */
  release(buildId: string): void;
  /** The engine goes away: every build that runs ends as lost, and is forgotten. */
  lose(): void;
  /** Builds that were begun, in order; a build that was joined is there once. */
  readonly begun: readonly BuildSpec[];
  /** Apps whose cache was forgotten. */
  readonly cleared: readonly string[];
}

interface FakeBuild {
  readonly script: BuildScript;
  readonly ended: Promise<BuildResult>;
  end(result: BuildResult): void;
}

export function makeFakeBuilder(): FakeBuilder {
  const scripts = new Map<string, BuildScript>();
  const builds = new Map<string, FakeBuild>();
  const begun: BuildSpec[] = [];
  const cleared: string[] = [];
  const begin = (spec: BuildSpec): FakeBuild => {
    const script = scripts.get(spec.source) ?? UNSCRIPTED;
    const { promise, resolve } = Promise.withResolvers<BuildResult>();
    if (!script.hold) resolve(script.result);
    const build = { script, ended: promise, end: resolve };
    begun.push(spec);
    builds.set(spec.id, build);
    return build;
  };
  return {
    ...{ begun, cleared },
    script: (source, script) => void scripts.set(source, script),
    release(buildId) {
      const build = builds.get(buildId);
      build?.end(build.script.result);
    },
    lose() {
      for (const build of builds.values())
        build.end({ kind: "lost", message: "The build engine went away." });
      builds.clear();
    },
    build: (spec, signal) => follow(builds.get(spec.id) ?? begin(spec), signal),
    async cancel(buildId) {
      builds.get(buildId)?.end({ kind: "cancelled" });
    },
    async clearCache(appId) {
      cleared.push(appId);
    },
  };
}

const UNSCRIPTED: BuildScript = {
  output: ["no script for this source\n"],
  result: { kind: "failed", message: "No buildpack takes this source.", exitCode: 20 },
};

async function* follow({ script, ended }: FakeBuild, signal: AbortSignal): AsyncGenerator<BuildNews> {
  for (const text of script.output ?? []) {
    if (signal.aborted) return;
    yield { kind: "output", text };
  }
  const result = await Promise.race([ended, aborted(signal)]);
  if (result) yield { kind: "result", result };
}
