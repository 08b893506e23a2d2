import { findApp } from "../../apps/app/index.ts";
import { displayCommand } from "../../delivery/image/index.ts";
import {
  type CommandRun,
  RELEASE_PROCESS,
  type Release,
  type ReleaseCommand,
} from "../../delivery/release/index.ts";
import {
  BusinessError,
  type Db,
  errorText,
  type HeldRecord,
  type Logger,
  pause,
} from "../../kernel/index.ts";
import type { LogReader } from "../../observe/log/index.ts";
import { commandOf, type DynoObservation, type DynoWatch } from "../dyno/index.ts";
import { findOneOff } from "./one-off-store.ts";
import { type OneOffDependencies, startOneOff } from "./run-one-off.ts";

export interface ReleaseCommandDependencies extends OneOffDependencies {
  readonly watch: DynoWatch;
  readonly holdClaim: HeldRecord["holdClaim"];
  readonly logs: Pick<LogReader, "read">;
  readonly logger: Logger;
  /** The size of the app's web dynos, which release commands have too (facts: runtime §8); undefined when it has none. */
  readonly sizeOfWeb: (appId: string) => Promise<string | undefined>;
  /** How long the last lines may take to arrive in the log. Default 2,000. */
  readonly lastLinesMs?: number;
  /** How long to wait before a command is tried again that could not be started. Default 5,000. */
  readonly beginAgainMs?: number;
}

/** Longest a release command may take (facts: runtime §8). */
const LIFETIME_SECONDS = 3_600;
const LAST_LINES_MS = 2_000;
const READ_AGAIN_MS = 250;
const BEGIN_AGAIN_MS = 5_000;
const LOST = "The dyno of the release command went away; running it again.\n";

/**
 * Runs release commands as one-off dynos. The dyno has the release's id, so that a second call finds it again; what it
 * prints is read from the app's log. A command whose dyno was lost with its host is run again.
 */
export function makeReleaseCommand(deps: ReleaseCommandDependencies): ReleaseCommand {
  return {
    run: async (release, on, signal) => {
      await deps.watch.ready(signal);
      if (signal.aborted) return 1;
      const over = new AbortController();
      const reading = AbortSignal.any([signal, over.signal]);
      let copying = Promise.resolve();
      try {
        for (let first = true; ; first = false) {
          const session = deps.watch.session();
          if (!deps.watch.find(release.id) && !(await begin(release, on, { deps, signal }))) return 1;
          if (first) copying = copyOutput(release, on.output, { deps, signal: reading });
          const ended = await untilOver(release.id, { session, deps, signal });
          if (ended?.state.kind === "complete") {
            await Promise.race([copying, pause(deps.lastLinesMs ?? LAST_LINES_MS, reading)]);
            return ended.state.exitCode;
          }
          if (signal.aborted) return 1;
          await on.output(LOST);
        }
      } finally {
        over.abort();
        await copying;
      }
    },
  };
}

/**
 * False when the app is gone, or its image may not start, which the output tells. Where there is no room for it, it is tried
 * again until there is, and the output tells why once.
 */
async function begin(
  release: Release,
  on: CommandRun,
  { deps, signal }: { readonly deps: ReleaseCommandDependencies; readonly signal: AbortSignal },
): Promise<boolean> {
  for (let told = ""; !signal.aborted; await pause(deps.beginAgainMs ?? BEGIN_AGAIN_MS, signal)) {
    const begun = await tryToBegin(release, on, deps);
    if (typeof begun === "boolean") return begun;
    if (begun.waitsFor !== told) await on.output(`${begun.waitsFor}\n`);
    told = begun.waitsFor;
  }
  return false;
}

async function tryToBegin(
  release: Release,
  { output, claim }: CommandRun,
  deps: ReleaseCommandDependencies,
): Promise<boolean | { readonly waitsFor: string }> {
  const app = await findApp(deps.db, release.appId);
  if (!app) return false;
  const process = release.imageInfo?.processes.find(({ type }) => type === RELEASE_PROCESS);
  const wanted = {
    id: release.id,
    type: RELEASE_PROCESS,
    app,
    release,
    command: commandOf(process, RELEASE_PROCESS),
    displayCommand: process ? displayCommand(process) : "",
    size: await deps.sizeOfWeb(app.id),
    env: {},
    attached: false,
    hold: (trx: Db) => deps.holdClaim(trx, claim),
  } as const;
  const options = { attach: false, lifetimeSeconds: LIFETIME_SECONDS };
  try {
    await startOneOff(wanted, (spec) => deps.host.run(spec, options), deps);
    return true;
  } catch (thrown) {
    if (thrown instanceof BusinessError && thrown.id === "conflict") return { waitsFor: thrown.message };
    if (!(thrown instanceof BusinessError) || thrown.id !== "forbidden") throw thrown;
    await output(`${thrown.message}\n`);
    return false;
  }
}

/** The dyno's end; undefined when the engine came back without it, or at an abort. */
async function untilOver(
  dynoId: string,
  {
    session,
    deps: { watch },
    signal,
  }: {
    readonly session: number;
    readonly deps: ReleaseCommandDependencies;
    readonly signal: AbortSignal;
  },
): Promise<DynoObservation | undefined> {
  const isOver = (dyno: DynoObservation | undefined) =>
    dyno === undefined ? watch.session() > session : dyno.state.kind === "complete";
  return await watch.until(dynoId, isOver, signal);
}

/** Copies what the dyno prints, until `Process exited` is seen or the reading is stopped. Never rejects. */
async function copyOutput(
  release: Release,
  output: (text: string) => Promise<void>,
  { deps, signal }: { readonly deps: ReleaseCommandDependencies; readonly signal: AbortSignal },
): Promise<void> {
  let after: number | undefined;
  while (!signal.aborted) {
    try {
      const dyno = (await findOneOff(deps.db, release.id))?.name ?? RELEASE_PROCESS;
      const query = { appId: release.appId, filter: { dyno }, lines: 1_500, tail: true };
      for await (const line of deps.logs.read({ ...query, ...(after ? { after } : {}) }, signal)) {
        after = line.position ?? after;
        if (line.time < release.createdAt) continue;
        if (line.source === "app") await output(`${line.message}\n`);
        else if (line.message.startsWith("Process exited")) return;
      }
    } catch (thrown) {
      if (!signal.aborted)
        deps.logger.debug("a release command's output is not to be had", { error: errorText(thrown) });
    }
    await pause(READ_AGAIN_MS, signal);
  }
}
