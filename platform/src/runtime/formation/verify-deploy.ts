import {
  type DeployVerdict,
  type DeployVerifier,
  findCurrentRelease,
  type Release,
} from "../../delivery/release/index.ts";
import { assertNever, type Db, pause } from "../../kernel/index.ts";
import type { CrashReason, DynoState, DynoWatch } from "../dyno/index.ts";
import { type DynoRecord, listDynoRecords } from "./dyno-record-store.ts";
import { listFormation } from "./formation-store.ts";

export interface VerifyDependencies {
  readonly db: Db;
  readonly watch: DynoWatch;
}

const LOOK_MS = 100;
/** Longest boot, and some time around it. */
const GIVE_UP_MS = 90_000;

/** Watches the web dynos of a release until it is clear how they fare. */
export function makeDeployVerifier(deps: VerifyDependencies): DeployVerifier {
  return {
    verify: async (release, signal) => {
      const over = new AbortController();
      const deadline = AbortSignal.any([signal, over.signal, AbortSignal.timeout(GIVE_UP_MS)]);
      const stateOf = followBoots(deps.watch, deadline);
      try {
        while (!deadline.aborted) {
          const verdict = await look(release, { db: deps.db, stateOf });
          if (verdict) return verdict;
          await pause(LOOK_MS, deadline);
        }
      } finally {
        over.abort();
      }
      return { kind: "unknown", message: "the dynos are still starting. See heroku ps." };
    },
  };
}

type StateOf = (dynoId: string) => DynoState | undefined;

/**
 * The states of dynos, each followed from when it is first asked for. One that did not listen in time is started again
 * at once, which is easily missed between two looks, and a second try takes longer than anybody waits here: it counts
 * as crashed until it is up.
 */
export function followBoots(watch: Pick<DynoWatch, "find" | "until">, signal: AbortSignal): StateOf {
  const timedOut = new Map<string, DynoState | undefined>();
  const missedIt = (state: DynoState | undefined) =>
    state?.kind === "crashed" && state.reason === "boot-timeout";
  return (dynoId) => {
    if (!timedOut.has(dynoId)) {
      timedOut.set(dynoId, undefined);
      void watch
        .until(dynoId, (dyno) => missedIt(dyno?.state), signal)
        .then((dyno) => timedOut.set(dynoId, dyno?.state));
    }
    const state = watch.find(dynoId)?.state;
    return state?.kind === "starting" ? (timedOut.get(dynoId) ?? state) : state;
  };
}

async function look(
  release: Release,
  deps: { readonly db: Db; readonly stateOf: StateOf },
): Promise<DeployVerdict | undefined> {
  const current = await findCurrentRelease(deps.db, release.appId);
  if (current?.id !== release.id) return { kind: "unknown", message: "a newer release has taken over." };
  const hasWeb = release.imageInfo?.processes.some(({ type }) => type === "web") ?? false;
  if (!hasWeb) return { kind: "none" };
  const web = (await listFormation(deps.db, release.appId)).find(({ type }) => type === "web");
  if (!web) return undefined;
  if (web.quantity === 0) return { kind: "none" };
  const mine = (await listDynoRecords(deps.db, release.appId)).filter((dyno) => {
    return dyno.type === "web" && dyno.releaseId === release.id && dyno.duty !== "warm";
  });
  return verdictOf(web.quantity, mine, deps.stateOf);
}

/**
 * Up once as many serve as are wanted; crashed once one has failed and none is still to be waited for; undefined while
 * it is too early to tell.
 */
export function verdictOf(
  quantity: number,
  dynos: readonly Pick<DynoRecord, "id" | "type" | "index" | "duty">[],
  stateOf: StateOf,
): DeployVerdict | undefined {
  const states = dynos.map((dyno) => ({ dyno, state: stateOf(dyno.id) }));
  const up = states.filter(({ dyno, state }) => state?.kind === "up" && dyno.duty === "serve");
  if (up.length >= quantity) return { kind: "up" };
  if (states.some(({ state }) => state === undefined || state.kind === "starting")) return undefined;
  for (const { dyno, state } of states) {
    if (state?.kind !== "crashed") continue;
    const why = reasonText(state.reason, state.exitCode);
    return { kind: "crashed", message: `${dyno.type}.${dyno.index} ${why}\n${AFTER_CRASH}` };
  }
  return undefined;
}

const AFTER_CRASH =
  "The dynos of the release before go on serving, if there were any. See heroku logs, then push a fix or heroku rollback.";

function reasonText(reason: CrashReason, exitCode: number | undefined): string {
  switch (reason) {
    case "exit":
      return `exited with status ${exitCode ?? "unknown"} while starting.`;
    case "boot-timeout":
      return "did not listen on $PORT in time (R10).";
    case "memory":
      return "used more memory than it may (R15).";
    case "image":
      return "could not be started: its image cannot be used here.";
    case "platform":
      return "could not be started by Conifer (R99).";
    default:
      return assertNever(reason);
  }
}
