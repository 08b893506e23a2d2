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
  /**
   * The ids of the dynos that the app's requests are sent to from now on, whatever their state; undefined while the
   * router cannot tell.
   */
  readonly routedTo: (appId: string) => Promise<readonly string[] | undefined>;
}

const LOOK_MS = 100;
/** Longest boot, and some time around it. */
const GIVE_UP_MS = 90_000;

/**
 * Watches the web dynos of a release until it is clear how they fare. They count as up once the router sends requests to
 * them and to no others: who was told `done` never sees the release before.
 */
export function makeDeployVerifier(deps: VerifyDependencies): DeployVerifier {
  return {
    verify: async (release, signal) => {
      const over = new AbortController();
      const deadline = AbortSignal.any([signal, over.signal, AbortSignal.timeout(GIVE_UP_MS)]);
      const stateOf = followBoots(deps.watch, deadline);
      let up = false;
      try {
        while (!deadline.aborted) {
          const { verdict, serving } = await look(release, { db: deps.db, stateOf });
          if (verdict && verdict.kind !== "up") return verdict;
          up = verdict !== undefined;
          if (verdict && (await areRouted(serving, release.appId, deps))) return verdict;
          await pause(LOOK_MS, deadline);
        }
      } finally {
        over.abort();
      }
      return { kind: "unknown", message: up ? UNROUTED : "the dynos are still starting. See heroku ps." };
    },
  };
}

const UNROUTED = "the dynos are up, but the router does not send them requests yet. See heroku ps.";

/** Whether requests are sent to just these dynos. A router that is away cannot tell: it is asked again. */
async function areRouted(
  serving: readonly string[],
  appId: string,
  { routedTo }: Pick<VerifyDependencies, "routedTo">,
): Promise<boolean> {
  const routed = await routedTo(appId);
  return routed?.length === serving.length && routed.every((id) => serving.includes(id));
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

interface Look {
  readonly verdict: DeployVerdict | undefined;
  /** The ids of the release's dynos on duty. */
  readonly serving: readonly string[];
}

async function look(release: Release, deps: { readonly db: Db; readonly stateOf: StateOf }): Promise<Look> {
  const current = await findCurrentRelease(deps.db, release.appId);
  if (current?.id !== release.id)
    return clear({ kind: "unknown", message: "a newer release has taken over." });
  const hasWeb = release.imageInfo?.processes.some(({ type }) => type === "web") ?? false;
  if (!hasWeb) return clear({ kind: "none" });
  const web = (await listFormation(deps.db, release.appId)).find(({ type }) => type === "web");
  if (!web) return clear(undefined);
  if (web.quantity === 0) return clear({ kind: "none" });
  const mine = (await listDynoRecords(deps.db, release.appId)).filter((dyno) => {
    return dyno.type === "web" && dyno.releaseId === release.id && dyno.duty !== "warm";
  });
  const serving = mine.filter(({ duty }) => duty === "serve").map(({ id }) => id);
  return { verdict: verdictOf(web.quantity, mine, deps.stateOf), serving };
}

function clear(verdict: DeployVerdict | undefined): Look {
  return { verdict, serving: [] };
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
    case "disk":
      return "wrote more to its disk than it may.";
    case "room":
      return "has not been started: this machine has no room for it. See heroku logs.";
    case "image":
      return "could not be started: its image cannot be used here.";
    case "platform":
      return "could not be started by Conifer (R99).";
    default:
      return assertNever(reason);
  }
}
