import { findApp } from "../../apps/app/index.ts";
import {
  BusinessError,
  done,
  errorText,
  type Logger,
  type MasterKey,
  type Outcome,
  waiting,
} from "../../kernel/index.ts";
import { findConfig } from "../config/index.ts";
import { findNewestImage, type ImageInfo, insertImage } from "../image/index.ts";
import type { OutputStore } from "../output/index.ts";
import {
  createRelease,
  describeDeploy,
  findHead,
  type Release,
  type ReleaseDependencies,
} from "../release/index.ts";
import { type Build, failureText, MOST_ATTEMPTS } from "./build.ts";
import type { Builder, BuildResult } from "./build-ports.ts";
import { findNextBuild, updatePendingBuild } from "./build-store.ts";
import type { BuildDependencies } from "./create-build.ts";

export interface BuildReconcilerDependencies extends BuildDependencies, ReleaseDependencies {
  readonly masterKey: MasterKey;
  readonly builder: Builder;
  readonly outputs: OutputStore;
  readonly logger: Logger;
  /** Fetches a source by address, checks and stores it; warnings are for the user. Throws what the user should read. */
  readonly fetchSource: (
    url: string,
    checksum: string | null,
    signal: AbortSignal,
  ) => Promise<{ readonly digest: string; readonly warnings: readonly string[] }>;
  /** Moves a branch to the commit that was built. Doing it twice is the same as once. */
  readonly moveRef: (appId: string, ref: string, commit: string) => Promise<void>;
  /** Goes on after the build: tells of the release and its dynos, and ends the output. Returns at once. */
  readonly followUp: (build: Build, release: Release | undefined) => void;
  readonly timeoutSeconds: number;
}

/** Runs an app's builds, one at a time, in the order they were accepted. */
export async function reconcileBuilds(
  appId: string,
  deps: BuildReconcilerDependencies,
  signal: AbortSignal,
): Promise<Outcome> {
  for (;;) {
    const build = await findNextBuild(deps.db, appId);
    if (!build) return done;
    const result = await runBuild(build, deps, signal);
    if (signal.aborted) return waiting("stopping", "Conifer is stopping", 1_000);
    if (result.kind === "lost" && build.attempts + 1 < MOST_ATTEMPTS) {
      await updatePendingBuild(deps.db, build.id, { attempts: build.attempts + 1 }, deps.clock());
      return waiting("engine-away", result.message, 500);
    }
    await finishBuild(build, result, deps);
  }
}

async function runBuild(
  build: Build,
  deps: BuildReconcilerDependencies,
  signal: AbortSignal,
): Promise<BuildResult> {
  await deps.outputs.begin(build.id);
  try {
    const source = build.sourceDigest ?? (await fetchInto(build, deps, signal));
    return await follow({ ...build, sourceDigest: source }, deps, signal);
  } catch (thrown) {
    if (thrown instanceof BusinessError && thrown.id !== "unavailable") {
      return { kind: "failed", message: thrown.message, exitCode: 1 };
    }
    deps.logger.warn("a build broke off", { build_id: build.id, error: errorText(thrown) });
    return { kind: "lost", message: "The build engine is not available. Push again in a moment." };
  }
}

async function fetchInto(
  build: Build,
  deps: BuildReconcilerDependencies,
  signal: AbortSignal,
): Promise<string> {
  await deps.outputs.append(build.id, "-----> Fetching source\n");
  const { digest, warnings } = await deps.fetchSource(build.sourceUrl ?? "", build.sourceChecksum, signal);
  for (const warning of warnings) await deps.outputs.append(build.id, failureText(warning));
  await updatePendingBuild(deps.db, build.id, { sourceDigest: digest }, deps.clock());
  return digest;
}

async function follow(
  build: Build,
  deps: BuildReconcilerDependencies,
  signal: AbortSignal,
): Promise<BuildResult> {
  const app = await findApp(deps.db, build.appId);
  const head = await findHead(deps.db, build.appId);
  if (!app || !head) return { kind: "cancelled" };
  const previous = await findNewestImage(deps.db, build.appId);
  const spec = {
    id: build.id,
    appId: app.id,
    appName: app.name,
    source: build.sourceDigest ?? "",
    sourceVersion: build.sourceVersion ?? "",
    env: await findConfig(deps.db, head.configId, deps.masterKey),
    previousImage: previous?.digest,
    stack: build.stack,
    timeoutSeconds: deps.timeoutSeconds,
  };
  for await (const news of deps.builder.build(spec, signal)) {
    if (news.kind === "result") return news.result;
    await deps.outputs.append(build.id, news.text);
  }
  return { kind: "lost", message: "The build engine stopped before the build had a result." };
}

async function finishBuild(
  build: Build,
  result: BuildResult,
  deps: BuildReconcilerDependencies,
): Promise<void> {
  switch (result.kind) {
    case "succeeded":
      return await succeedBuild(build, result.image, deps);
    case "failed":
      return await failBuild(build, result.message, deps);
    case "lost":
      return await failBuild(build, `${result.message} It was tried ${MOST_ATTEMPTS} times.`, deps);
    case "cancelled":
      return await failBuild(build, "The build was cancelled.", deps);
  }
}

async function failBuild(build: Build, message: string, deps: BuildReconcilerDependencies): Promise<void> {
  await deps.outputs.append(build.id, failureText(`Push failed: ${message}`));
  await deps.db.transaction().execute(async (trx) => {
    const now = deps.clock();
    if (!(await updatePendingBuild(trx, build.id, { status: "failed", message, finishedAt: now }, now)))
      return;
    const data = { build_id: build.id, status: "failed" };
    await deps.appendEvent(trx, { kind: "build.finished", appId: build.appId, actor: build.actor, data });
  });
  await deps.outputs.end(build.id);
}

/**
 * The branch moves before the build is marked, and is moved again when Conifer was killed in between: it names the
 * commit exactly when the build has succeeded.
 */
async function succeedBuild(build: Build, info: ImageInfo, deps: BuildReconcilerDependencies): Promise<void> {
  if (build.gitRef && build.sourceVersion) await deps.moveRef(build.appId, build.gitRef, build.sourceVersion);
  const release = await deps.db.transaction().execute((trx) => recordSuccess(trx, { build, info }, deps));
  deps.followUp(build, release);
}

async function recordSuccess(
  trx: BuildReconcilerDependencies["db"],
  { build, info }: { build: Build; info: ImageInfo },
  deps: BuildReconcilerDependencies,
): Promise<Release | undefined> {
  const now = deps.clock();
  const imageId = deps.newId();
  await insertImage(trx, {
    id: imageId,
    appId: build.appId,
    digest: info.digest,
    info,
    commit: build.sourceVersion,
    commitDescription: build.sourceDescription,
    stack: build.stack,
    createdAt: now,
  });
  const finished = { status: "succeeded", imageId, finishedAt: now } as const;
  if (!(await updatePendingBuild(trx, build.id, { imageId }, now))) return undefined;
  const head = await findHead(trx, build.appId);
  const overtaken =
    head?.newestBuild !== undefined && head.newestBuild !== null && head.newestBuild > build.sequence;
  const release = overtaken ? undefined : await releaseOf(trx, { build, imageId }, deps);
  await updatePendingBuild(trx, build.id, { ...finished, releaseId: release?.id }, now);
  const data = { build_id: build.id, status: "succeeded" };
  await deps.appendEvent(trx, { kind: "build.finished", appId: build.appId, actor: build.actor, data });
  return release;
}

async function releaseOf(
  trx: BuildReconcilerDependencies["db"],
  { build, imageId }: { build: Build; imageId: string },
  deps: BuildReconcilerDependencies,
): Promise<Release> {
  return await createRelease(
    trx,
    {
      appId: build.appId,
      actor: build.actor,
      cause: "code",
      description: describeDeploy(build.sourceVersion),
      imageId,
      build: { id: build.id, sequence: build.sequence },
    },
    deps,
  );
}
