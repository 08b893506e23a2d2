import { findApp } from "../../apps/app/index.ts";
import {
  BusinessError,
  type Db,
  errorText,
  type HeldRecord,
  type Logger,
  logFailure,
  notFound,
  pause,
  StaleClaim,
} from "../../kernel/index.ts";
import { findConfig } from "../config/index.ts";
import { findNewestImage, type ImageInfo } from "../image/index.ts";
import type { OutputStore } from "../output/index.ts";
import { buildRank, findCouplingOfApp } from "../pipeline/index.ts";
import { findHead } from "../release/index.ts";
import { BUILDING_AGAIN, type Build, failureText, MOST_ATTEMPTS, NO_ENGINE } from "./build.ts";
import type { Builder, BuildResult, BuildSpec } from "./build-ports.ts";
import { findBuildById, noteOfBuild } from "./build-store.ts";
import { type ContentDependencies, chooseContent } from "./choose-content.ts";

/** What became of a build; `unchanged` when the release that runs is of the same content, so that nothing was built. */
export type AttemptResult =
  | Exclude<BuildResult, { readonly kind: "succeeded" }>
  | { readonly kind: "succeeded"; readonly image: ImageInfo; readonly record: RecordImage }
  | { readonly kind: "unchanged"; readonly releaseId: string };

/** Records what is said of an image, in the transaction that records the image. */
export type RecordImage = (trx: Db) => Promise<void>;

/**
 * Says of a stored image what it is and how it was made, beside it, before anything is on record. Throws what the user should
 * read when it never can be said; anything else is tried again.
 */
export type AttestBuild = (build: Build, image: ImageInfo, from: BuiltFrom) => Promise<RecordImage>;

/** What a build made its image of. */
export interface BuiltFrom {
  readonly startedAt: Date;
  /** Digest of what was built, all of the source or a folder of it. */
  readonly content: string;
  readonly folder: string | undefined;
}

export interface AttemptDependencies extends ContentDependencies, HeldRecord {
  readonly builder: Builder;
  readonly outputs: OutputStore;
  readonly logger: Logger;
  /** Fetches a source by address, checks and stores it; warnings are for the user. Throws what the user should read. */
  readonly fetchSource: (
    url: string,
    checksum: string | null,
    signal: AbortSignal,
  ) => Promise<{ readonly digest: string; readonly warnings: readonly string[] }>;
  readonly attest: AttestBuild;
  readonly timeoutSeconds: number;
  /** How long to wait for an engine that is away, and how often a running build is looked up. Default 1,000. */
  readonly lookMs?: number;
  /** Default: in real time. */
  readonly pause?: typeof pause;
}

/**
 * Fetches a build's source if need be and has the engine build it; its output tells what happens. An engine that builds
 * it already is joined. Throws for what is neither the source's fault nor the engine's, so that it is tried again.
 * Ends soon, with `cancelled`, once the build is cancelled or its app is gone; aborting leaves the engine at work.
 */
export async function attemptBuild(
  build: Build,
  deps: AttemptDependencies,
  signal: AbortSignal,
): Promise<AttemptResult> {
  const over = new AbortController();
  const stop = AbortSignal.any([signal, over.signal]);
  await deps.outputs.begin(build.id, deps.claim.number);
  const watching = stopWhenEnded(build, deps, stop).then((ended) => ended && over.abort());
  try {
    if (build.sourceUrl !== null) await say(build, "-----> Fetching source\n", deps);
    const source = build.sourceDigest ?? (await fetchInto(build, deps, stop));
    const { digest, folder, servedBy } = await chooseContent(build, source, deps);
    if (servedBy) return { kind: "unchanged", releaseId: servedBy.id };
    const startedAt = await noteStart(build, deps);
    const result = await runAttempts({ ...build, sourceDigest: digest }, deps, stop);
    return await conclude(result, build, { from: { startedAt, content: digest, folder }, deps });
  } catch (thrown) {
    if (thrown instanceof StaleClaim) throw thrown;
    if (stop.aborted) return { kind: "cancelled" };
    if (thrown instanceof BusinessError && thrown.id !== "unavailable")
      return { kind: "failed", message: thrown.message, exitCode: 1 };
    return await brokeOff(build, thrown, deps);
  } finally {
    over.abort();
    await watching;
  }
}

async function say(
  { id }: { readonly id: string },
  text: string,
  { outputs, claim }: AttemptDependencies,
): Promise<void> {
  await outputs.append(id, text, claim.number);
}

/** A build that is begun with again after a kill began when it first did. */
async function noteStart(build: Build, deps: AttemptDependencies): Promise<Date> {
  if (build.startedAt) return build.startedAt;
  const startedAt = deps.clock();
  await noteOfBuild(build.id, { startedAt }, deps);
  return startedAt;
}

/** Something of ours failed: another round may go better, but not for ever. */
async function brokeOff(build: Build, thrown: unknown, deps: AttemptDependencies): Promise<AttemptResult> {
  const attempts = build.attempts + 1;
  await noteOfBuild(build.id, { attempts }, deps);
  if (attempts < MOST_ATTEMPTS) throw thrown;
  const id = logFailure(deps.logger, "a build was given up", { build_id: build.id, error: thrown });
  return { kind: "lost", message: `Conifer could not run this build (error ${id}). Push again in a moment.` };
}

/** Resolves with true once the build is not to be run any more: it was cancelled, or its app is gone. */
async function stopWhenEnded(
  { id }: Build,
  { db, builder, logger, lookMs = LOOK_MS, pause: rest = pause }: AttemptDependencies,
  signal: AbortSignal,
): Promise<boolean> {
  while (!signal.aborted) {
    await rest(lookMs, signal);
    if (signal.aborted) return false;
    try {
      if ((await findBuildById(db, id))?.status === "pending") continue;
      await builder.cancel(id);
      return true;
    } catch (thrown) {
      logger.debug("a build could not be looked up", { build_id: id, error: errorText(thrown) });
    }
  }
  return false;
}

const LOOK_MS = 1_000;

async function fetchInto(build: Build, deps: AttemptDependencies, signal: AbortSignal): Promise<string> {
  const { digest, warnings } = await deps.fetchSource(build.sourceUrl ?? "", build.sourceChecksum, signal);
  for (const warning of warnings) await say(build, failureText(warning), deps);
  await noteOfBuild(build.id, { sourceDigest: digest }, deps);
  return digest;
}

/** An image is said what it is while the build can still be tried again. */
async function conclude(
  result: BuildResult,
  build: Build,
  { from, deps }: { readonly from: BuiltFrom; readonly deps: AttemptDependencies },
): Promise<AttemptResult> {
  if (result.kind !== "succeeded") return result;
  return { ...result, record: await deps.attest(build, result.image, from) };
}

/** An engine that is away is waited for; one that goes away under the build builds it again, a few times. */
async function runAttempts(
  build: Build,
  deps: AttemptDependencies,
  signal: AbortSignal,
): Promise<BuildResult> {
  let { attempts } = build;
  for (let told = false; ; ) {
    const { result, begun } = await follow(await specOf(build, deps), deps, signal);
    if (result.kind !== "lost" || signal.aborted) return result;
    if (begun) {
      attempts++;
      await noteOfBuild(build.id, { attempts }, deps);
      if (attempts >= MOST_ATTEMPTS) return result;
    }
    if (begun || !told) await say(build, begun ? BUILDING_AGAIN : NO_ENGINE, deps);
    told = !begun;
    await (deps.pause ?? pause)(deps.lookMs ?? LOOK_MS, signal);
  }
}

async function specOf(build: Build, deps: AttemptDependencies): Promise<BuildSpec> {
  const app = await findApp(deps.db, build.appId);
  const head = await findHead(deps.db, build.appId);
  if (!app || !head) throw notFound("app");
  const previous = await findNewestImage(deps.db, build.appId);
  return {
    id: build.id,
    appId: app.id,
    appName: app.name,
    ownerId: app.ownerId,
    rank: buildRank((await findCouplingOfApp(deps.db, app.id))?.stage),
    acceptedAt: build.createdAt.toISOString(),
    source: build.sourceDigest ?? "",
    sourceVersion: build.sourceVersion ?? "",
    env: await findConfig(deps.db, head.configId, deps.masterKey),
    ...(previous ? { previousImage: previous.digest } : {}),
    stack: build.stack,
    timeoutSeconds: deps.timeoutSeconds,
  };
}

/** Follows one run of the engine; `begun` when it had something to say before it ended. */
async function follow(
  spec: BuildSpec,
  deps: AttemptDependencies,
  signal: AbortSignal,
): Promise<{ result: BuildResult; begun: boolean }> {
  let begun = false;
  for await (const news of deps.builder.build(spec, signal)) {
    if (news.kind === "result") return { result: news.result, begun };
    begun = true;
    await say(spec, news.text, deps);
  }
  const message = "The build engine stopped before the build had a result.";
  return { result: { kind: "lost", message }, begun };
}
