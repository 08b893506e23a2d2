import {
  assertNever,
  BusinessError,
  type Claim,
  type Clock,
  type Db,
  errorText,
  type Logger,
  pause,
  StaleClaim,
} from "../../kernel/index.ts";
import type { OutputStore } from "../output/index.ts";
import { type DeployVerifier, findRelease, type Release } from "../release/index.ts";
import { type Build, failureText } from "./build.ts";
import { finishBuild } from "./build-store.ts";

export interface FollowUpDependencies {
  /** On the app's builds: once another process has taken it, that one tells. */
  readonly claim: Claim;
  readonly db: Db;
  readonly clock: Clock;
  readonly outputs: OutputStore;
  readonly verifier: DeployVerifier;
  readonly logger: Logger;
  /** `http://name.localhost:8080/` */
  readonly webUrlOf: (appId: string) => Promise<string | undefined>;
  /** For how long what fails is tried again, in milliseconds. Default: a minute. */
  readonly troubleMs?: number;
  /** Default: in real time. */
  readonly pause?: typeof pause;
}

/** How often a release under way is looked at. */
const LOOK_MS = 100;
/** How long a release command's last words may take to be shown after its release has settled. */
const LAST_WORDS_MS = 2_000;

/** What is away for a moment, such as the keeper of outputs, is waited for this long. */
const TROUBLE_MS = 60_000;
const TRY_AGAIN_MS = 500;
const UNTOLD = "\n-----> Conifer could not see how this ended. See heroku releases and heroku ps.\n";

/**
 * The end of a push: what became of the build, its release and its dynos, told in the build's output, which then ends.
 * The build's result stands, whatever happens here. What fails for a moment is tried again, and what cannot be told is said
 * to be so. Aborted or killed, the output stays open, and the next call tells all of it again.
 */
export async function followUp(build: Build, deps: FollowUpDependencies, signal: AbortSignal): Promise<void> {
  const { logger, claim, troubleMs = TROUBLE_MS, pause: rest = pause } = deps;
  const insist: Telling["insist"] = (work) => tryAgain(work, { troubleMs, signal, logger, rest });
  const say = (text: string) => insist(() => deps.outputs.append(build.id, text, claim.number));
  let isTold = false;
  try {
    await insist(() => beginUnlessBegun(build.id, deps));
    await tellResult({ build, deps, signal, say, insist });
    isTold = true;
  } catch (thrown) {
    if (thrown instanceof StaleClaim) return;
    if (!signal.aborted) logger.warn("a push could not be told to its end", fieldsOf(build, thrown));
  }
  if (signal.aborted) return;
  try {
    if (!isTold) await deps.outputs.append(build.id, UNTOLD, claim.number);
    await deps.outputs.end(build.id, claim.number);
    await finishBuild(deps.db, build.id, deps.clock());
  } catch (thrown) {
    logger.warn("a build's output could not be ended, will try again", fieldsOf(build, thrown));
  }
}

interface Trouble {
  readonly troubleMs: number;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly rest: typeof pause;
}

/** Tries again until the time of trouble is over; throws then, and at once what another try would not mend. */
async function tryAgain<T>(work: () => Promise<T>, { troubleMs, signal, logger, rest }: Trouble): Promise<T> {
  const until = performance.now() + troubleMs;
  for (;;) {
    try {
      return await work();
    } catch (thrown) {
      const isFinal =
        thrown instanceof StaleClaim || (thrown instanceof BusinessError && thrown.id !== "unavailable");
      if (isFinal || signal.aborted || performance.now() >= until) throw thrown;
      logger.debug("a push's end is tried to be told again", { error: errorText(thrown) });
      await rest(TRY_AGAIN_MS, signal);
    }
  }
}

const fieldsOf = (build: Build, error: unknown) => ({ app_id: build.appId, build_id: build.id, error });

/** A build that was cancelled in line has no output yet. */
async function beginUnlessBegun(id: string, { outputs, claim }: FollowUpDependencies): Promise<void> {
  try {
    for await (const _ of outputs.read(id, AbortSignal.abort())) break;
  } catch (thrown) {
    if (!(thrown instanceof BusinessError)) throw thrown;
    await outputs.begin(id, claim.number);
  }
}

interface Telling {
  readonly build: Build;
  readonly deps: FollowUpDependencies;
  readonly signal: AbortSignal;
  readonly say: (text: string) => Promise<void>;
  /** Tries again what fails for a moment. */
  readonly insist: <T>(work: () => Promise<T>) => Promise<T>;
}

async function tellResult(telling: Telling): Promise<void> {
  const { build, deps, say, insist } = telling;
  switch (build.status) {
    case "failed":
    case "cancelled":
      return await say(failureText(`Push failed: ${build.message ?? "The build failed."}`));
    case "succeeded": {
      const { releaseId } = build;
      if (!releaseId)
        return await say("-----> A newer build has already released; this one is kept but not released.\n");
      const release = await insist(() => findRelease(deps.db, build.appId, releaseId));
      if (build.imageId === null) return await say(unchangedText(release?.version));
      return release && (await tellRelease(release, telling));
    }
    case "pending":
      throw new Error(`build ${build.id} has no result yet`);
    default:
      return assertNever(build.status);
  }
}

function unchangedText(version: number | undefined): string {
  const release = version === undefined ? "the release" : `v${version}`;
  return `-----> Nothing changed in the folder that PROJECT_PATH names: ${release} stays as it is\n`;
}

async function tellRelease(release: Release, telling: Telling): Promise<void> {
  const { deps, signal, say, insist } = telling;
  await say("-----> Launching...\n");
  const settled = await settle(release, telling);
  if (settled.status === "pending") return;
  if (settled.status === "failed") {
    return await say(
      failureText(
        `Release command failed: v${settled.version} is not released, and the app goes on with the release before it.\n` +
          `See heroku releases:output v${settled.version}, correct the command and push again.`,
      ),
    );
  }
  await say(`       Released v${settled.version}\n`);
  const url = await insist(() => deps.webUrlOf(release.appId));
  if (url) await say(`       ${url} deployed to Conifer\n\n`);
  await say("Verifying deploy... ");
  const verdict = await insist(() => deps.verifier.verify(settled, signal));
  if (signal.aborted) return;
  switch (verdict.kind) {
    case "up":
    case "none":
      return await say("done.\n");
    case "crashed":
      return await say(`failed.\n${failureText(verdict.message)}`);
    case "unknown":
      return await say(`not finished: ${verdict.message}\n`);
    default:
      return assertNever(verdict);
  }
}

/** Waits while the release is pending, showing what it waits for and all that its command prints, however soon it ended. */
async function settle(release: Release, { deps, signal, say, insist }: Telling): Promise<Release> {
  const { pause: rest = pause } = deps;
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  let showing: Promise<void> | undefined;
  let now = release;
  if (now.status === "pending" && !now.runsCommand)
    await say("       Waiting for the release before it...\n");
  for (;;) {
    if (now.runsCommand && !showing) {
      await say("       Release command detected: it runs before the new version.\n");
      showing = show(now.id, deps.outputs, { say, signal: either, rest });
    }
    if (now.status !== "pending" || signal.aborted) break;
    await rest(LOOK_MS, signal);
    const found = await insist(() => findRelease(deps.db, release.appId, release.id));
    if (!found) break;
    now = found;
  }
  await Promise.race([showing, rest(LAST_WORDS_MS, either)]);
  over.abort();
  await showing;
  return now;
}

/** Copies another output as it grows; tries again until it has begun. Never rejects. */
async function show(
  id: string,
  outputs: OutputStore,
  how: { readonly say: Telling["say"]; readonly signal: AbortSignal; readonly rest: typeof pause },
): Promise<void> {
  const { say, signal, rest } = how;
  while (!signal.aborted) {
    try {
      for await (const text of outputs.read(id, signal)) await say(text);
      return;
    } catch {
      await rest(LOOK_MS, signal);
    }
  }
}
