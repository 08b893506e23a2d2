import { errorText, type Logger, pause } from "../../kernel/index.ts";
import type { OutputStore } from "../output/index.ts";
import { type DeployVerifier, findRelease, type Release } from "../release/index.ts";
import { type Build, failureText } from "./build.ts";
import type { BuildDependencies } from "./create-build.ts";

export interface FollowUpDependencies extends Pick<BuildDependencies, "db"> {
  readonly outputs: OutputStore;
  readonly verifier: DeployVerifier;
  readonly logger: Logger;
  /** `http://name.localhost:8080/` */
  readonly webUrlOf: (appId: string) => Promise<string | undefined>;
}

/** How often a release under way is looked at. */
const LOOK_MS = 100;

/**
 * The end of a push: what became of the release and of its dynos, told in the build's output, which then ends. The
 * build itself has succeeded whatever happens here.
 */
export async function followUp(
  build: Build,
  release: Release | undefined,
  deps: FollowUpDependencies,
  signal: AbortSignal,
): Promise<void> {
  const say = (text: string) => deps.outputs.append(build.id, text);
  try {
    if (release) await tellRelease(release, { build, deps, signal, say });
    else await say("-----> A newer build has already released; this one is kept but not released.\n");
  } catch (thrown) {
    deps.logger.warn("a push could not be told to its end", { build_id: build.id, error: errorText(thrown) });
  } finally {
    await deps.outputs.end(build.id).catch(() => {});
  }
}

interface Telling {
  readonly build: Build;
  readonly deps: FollowUpDependencies;
  readonly signal: AbortSignal;
  readonly say: (text: string) => Promise<void>;
}

async function tellRelease(release: Release, telling: Telling): Promise<void> {
  const { deps, signal, say } = telling;
  await say("-----> Launching...\n");
  const settled = await settle(release, telling);
  if (settled.status === "failed") {
    await say(
      failureText(
        `Release command failed: v${settled.version} is not released, and the app goes on with the release before it.\n` +
          `See heroku releases:output v${settled.version}, correct the command and push again.`,
      ),
    );
    return;
  }
  await say(`       Released v${settled.version}\n`);
  const url = await deps.webUrlOf(release.appId);
  if (url) await say(`       ${url} deployed to Conifer\n\n`);
  await say("Verifying deploy... ");
  const verdict = await deps.verifier.verify(settled, signal);
  switch (verdict.kind) {
    case "up":
    case "none":
      return await say("done.\n");
    case "crashed":
      return await say(`failed.\n${failureText(verdict.message)}`);
    case "unknown":
      return await say(`not finished: ${verdict.message}\n`);
  }
}

/** Waits while the release is pending, showing what its command prints. */
async function settle(release: Release, { deps, signal, say }: Telling): Promise<Release> {
  if (release.status !== "pending") return release;
  await say(
    release.runsCommand
      ? "       Release command detected: it runs before the new version.\n"
      : "       Waiting for the release before it...\n",
  );
  const finished = new AbortController();
  const stop = AbortSignal.any([signal, finished.signal]);
  const showing = release.runsCommand ? show(release.id, { deps, signal: stop, say }) : Promise.resolve();
  for (;;) {
    const now = await findRelease(deps.db, release.appId, release.id);
    if (now?.status !== "pending" || signal.aborted) {
      if (signal.aborted) finished.abort();
      await showing.finally(() => finished.abort());
      return now ?? release;
    }
    await pause(LOOK_MS, signal);
  }
}

async function show(
  id: string,
  { deps, signal, say }: Pick<Telling, "deps" | "signal" | "say">,
): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const text of deps.outputs.read(id, signal)) await say(text);
      return;
    } catch {
      await pause(LOOK_MS, signal);
    }
  }
}
