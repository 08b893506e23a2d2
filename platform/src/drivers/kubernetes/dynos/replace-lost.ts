import { connect } from "node:net";
import { errorText, type Logger, pause, type Running } from "../../../kernel/index.ts";
import { KIND } from "../client/index.ts";
import { dynoObjectName, LABEL } from "./dyno-labels.ts";
import {
  type AskedPod,
  avoidedNodes,
  avoidNodes,
  nodesHolding,
  podsToAsk,
  podsToReplace,
} from "./lost-pods.ts";
import { judgeNodes, type KnownNodes, lostNodes } from "./node-silence.ts";
import type { ObjectWriter } from "./object-writer.ts";
import type { SpaceObjects } from "./space-objects.ts";

export interface ReplaceLostOptions {
  readonly space: Pick<SpaceObjects, "allPods" | "allSets" | "state">;
  readonly writer: Pick<ObjectWriter, "patchSet" | "remove">;
  readonly logger: Logger;
  /** Whether anything answers at a pod. Default: a connection is taken or refused within a second. */
  readonly ask?: (pod: AskedPod) => Promise<boolean>;
}

const LOOK_MS = 1_000;
const ANSWER_WITHIN_MS = 1_000;
const AT_ONCE = 16;

/** The care for nodes: it looks all the time, so that whoever begins to act knows already which nodes are lost. */
export interface NodeCare extends Running {
  /** Begins to act on what is seen; to be done by one process at a time. Its `stop` ends that, and writes under way. */
  act(): Running;
}

/**
 * Starts dynos of lost nodes elsewhere, long before the cluster would: it waits for 40 s until it believes that a node is
 * lost. Such pods are told to go, so that the cluster makes others at once; when the node comes back it ends what it still
 * has.
 */
export function startNodeCare(options: ReplaceLostOptions): NodeCare {
  const stopping = new AbortController();
  const actors = new Set<symbol>();
  let move: Promise<unknown> = Promise.resolve();
  /** In which state of the space, and of which nodes, there was nothing left to move. */
  let settled = "";
  const watching = watchNodes(options, stopping.signal, async (lost) => {
    const now = [options.space.state(), ...lost].join();
    if (actors.size === 0 || now === settled) return;
    const moving = moveAway(options, lost);
    move = moving;
    if (await moving) settled = now;
  });
  return {
    act: () => {
      const actor = Symbol("actor");
      actors.add(actor);
      return {
        stop: async () => {
          actors.delete(actor);
          await move;
        },
      };
    },
    stop: async () => {
      stopping.abort();
      await watching;
    },
  };
}

async function watchNodes(
  { space, logger, ask = answers }: ReplaceLostOptions,
  signal: AbortSignal,
  act: (lost: ReadonlySet<string>) => Promise<void>,
): Promise<void> {
  const toAsk = eachState(space, () => podsToAsk(space.allPods()));
  const holding = eachState(space, () => nodesHolding(space.allPods()));
  let known: KnownNodes = new Map();
  while (!signal.aborted) {
    const began = performance.now();
    const before = lostNodes(known);
    const answered = await lookAt(toAsk(), known, ask);
    known = judgeNodes(known, { answered, holding: holding(), now: began });
    const lost = lostNodes(known);
    for (const node of lost)
      if (!before.has(node)) logger.warn("a node has fallen silent; its dynos start on others", { node });
    await act(lost);
    await pause(Math.max(0, LOOK_MS - (performance.now() - began)), signal);
  }
}

/** What is made of a space, once for each of its states: of ten thousand pods each second would take a part of a processor. */
function eachState<T>(space: Pick<SpaceObjects, "state">, make: () => T): () => T {
  let last: { readonly state: number; readonly made: T } | undefined;
  return () => {
    const state = space.state();
    if (last?.state !== state) last = { state, made: make() };
    return last.made;
  };
}

/** One pod speaks for its node. Where it was silent at the last look, others are asked too. */
async function lookAt(
  asked: ReadonlyMap<string, readonly AskedPod[]>,
  known: KnownNodes,
  ask: (pod: AskedPod) => Promise<boolean>,
): Promise<ReadonlyMap<string, boolean>> {
  const looks = [...asked].map(async ([node, pods]) => {
    const isSilent = (known.get(node)?.silentLooks ?? 0) > 0;
    const heard = await Promise.all(pods.slice(0, isSilent ? pods.length : 1).map(ask));
    return [node, heard.includes(true)] as const;
  });
  return new Map(await Promise.all(looks));
}

/** Whether there was nothing to do. What could not be written is tried again at the next look, since it is still to be seen. */
async function moveAway(
  { space, writer, logger }: ReplaceLostOptions,
  lost: ReadonlySet<string>,
): Promise<boolean> {
  const sets = new Map([...space.allSets()].map((set) => [set.metadata.name, set]));
  const patch = avoidNodes(lost);
  const leave = async (name: string) => {
    const set = sets.get(name);
    if (set && !sameNames(avoidedNodes(set), lost)) await writer.patchSet(name, patch);
  };
  const moves = podsToReplace(space.allPods(), lost).map(({ metadata }) => async () => {
    await leave(dynoObjectName(metadata.labels?.[LABEL.dyno] ?? ""));
    await writer.remove(KIND.pod, metadata.name);
  });
  // Those that kept off a node which is no longer lost may go there again.
  const stale = [...sets.values()].filter((set) => [...avoidedNodes(set)].some((node) => !lost.has(node)));
  const returns = stale.map(
    ({ metadata }) =>
      () =>
        leave(metadata.name),
  );
  if (moves.length + returns.length === 0) return true;
  const failures = await someAtOnce([...moves, ...returns]);
  if (failures.length === 0) return false;
  const error = errorText(failures[0]);
  logger.warn("dynos of a lost node are not all moved yet", { failures: failures.length, error });
  return false;
}

async function someAtOnce(work: readonly (() => Promise<unknown>)[]): Promise<readonly unknown[]> {
  const left = [...work];
  const failures: unknown[] = [];
  const worker = async () => {
    for (let next = left.shift(); next; next = left.shift())
      await next().catch((thrown: unknown) => failures.push(thrown));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return failures;
}

function sameNames(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((name) => b.has(name));
}

/** Whether there is anybody: who refuses a connection is there, too. */
export function answers({ host, port }: AskedPod): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: ANSWER_WITHIN_MS });
    const end = (heard: boolean) => {
      socket.destroy();
      resolve(heard);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", ({ code }: NodeJS.ErrnoException) => end(code === "ECONNREFUSED"));
  });
}
