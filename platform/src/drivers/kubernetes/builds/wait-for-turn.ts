import { type BuildSpec, type BuildTurns, waitingForRoom } from "../../../delivery/build/index.ts";
import type { Pod } from "../client/index.ts";
import { LABEL } from "./build-labels.ts";

/**
 * Waits for the turn of a build and yields what it shows meanwhile. Returns how to give the turn back, or undefined when
 * the signal aborts first. A turn that comes after the caller has left is given back.
 */
export async function* waitForTurn(
  spec: BuildSpec,
  turns: BuildTurns,
  signal: AbortSignal,
): AsyncGenerator<string, (() => void) | undefined> {
  const places: number[] = [];
  let wake = () => {};
  const turn = turns.take(spec, signal, (before) => {
    places.push(before);
    wake();
  });
  let taken = false;
  const over = turn.then(() => {
    taken = true;
    wake();
  });
  let handedOver = false;
  try {
    while (!taken) {
      for (let before = places.shift(); before !== undefined; before = places.shift())
        yield waitingForRoom("cluster", before);
      const told = new Promise<void>((resolve) => {
        wake = resolve;
      });
      if (!taken && places.length === 0) await Promise.race([told, over]);
    }
    handedOver = true;
    return await turn;
  } finally {
    if (!handedOver) void turn.then((giveBack) => giveBack?.());
  }
}

/** How many builds of each owner are at work in the cluster. */
export function countOwners(pods: readonly Pod[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { metadata, status } of pods) {
    const owner = metadata.labels?.[LABEL.owner];
    if (owner === undefined || status?.phase === "Succeeded" || status?.phase === "Failed") continue;
    counts.set(owner, (counts.get(owner) ?? 0) + 1);
  }
  return counts;
}
