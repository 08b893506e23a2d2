import { type Db, notFound, pause } from "../../kernel/index.ts";
import type { OutputStore } from "../output/index.ts";
import { findRelease } from "../release/index.ts";
import type { FollowedBuild } from "../source/index.ts";
import { waitingText } from "./build.ts";
import { countBuildsBefore, findBuildById } from "./build-store.ts";

export interface FollowBuildDependencies {
  readonly db: Db;
  readonly outputs: OutputStore;
}

/** How often a build in line is looked at. */
const LOOK_MS = 50;

/** A build's output from its beginning, what it waits for included, and then its result. */
export async function* followBuild(
  buildId: string,
  deps: FollowBuildDependencies,
  signal: AbortSignal,
): AsyncGenerator<FollowedBuild> {
  const first = await findBuildById(deps.db, buildId);
  if (!first) throw notFound("build");
  const before = await countBuildsBefore(deps.db, first);
  if (before > 0) yield { kind: "output", text: waitingText(before) };
  for (let begun = false; !begun && !signal.aborted; ) {
    try {
      for await (const text of deps.outputs.read(buildId, signal)) {
        begun = true;
        yield { kind: "output", text };
      }
      begun = true;
    } catch (thrown) {
      if (signal.aborted || begun) throw thrown;
      const build = await findBuildById(deps.db, buildId);
      if (build?.status !== "pending") break;
      await pause(LOOK_MS, signal);
    }
  }
  const build = await findBuildById(deps.db, buildId);
  if (!build) throw notFound("build");
  const status = build.status === "pending" ? "failed" : build.status;
  const release = build.releaseId ? await findRelease(deps.db, build.appId, build.releaseId) : undefined;
  yield {
    kind: "result",
    status,
    ...(release ? { releaseVersion: release.version } : {}),
    ...(build.message ? { message: build.message } : {}),
  };
}
