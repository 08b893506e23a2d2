/** A node as its pods show it. Times are milliseconds of a clock that never jumps. */
export interface NodeSilence {
  /** Since when nothing there has answered; undefined: something has just now. */
  readonly silentSince: number | undefined;
  /** How many looks in a row found it silent. */
  readonly silentLooks: number;
  /** When it was taken for lost. */
  readonly lostAt?: number;
}

export type KnownNodes = ReadonlyMap<string, NodeSilence>;

/** So long a node is silent until it is taken for lost; a machine that answers at all answers within milliseconds. */
export const LOST_AFTER_MS = 4_000;
const LOST_AFTER_LOOKS = 4;
/** By then the cluster itself has found out, or it was never lost. */
export const LOST_FOR_MS = 120_000;

/** A look at the nodes. */
export interface NodesLook {
  readonly now: number;
  /** Whether something answered, on nodes where pods could be asked. */
  readonly answered: ReadonlyMap<string, boolean>;
  /** Nodes that hold pods of any kind, those on their way out included. */
  readonly holding: ReadonlySet<string>;
}

/**
 * What is known of nodes after a look. Only one that has answered before can fall silent. When more than half of the nodes
 * are silent it is rather who looks that is cut off: then none is taken for lost. One that is lost stays so until its pods
 * are gone, since only a node that is back, or is no node any more, lets them go; in the end the cluster knows itself.
 */
export function judgeNodes(known: KnownNodes, { answered, holding, now }: NodesLook): KnownNodes {
  const keptLoss = (node: string, before: NodeSilence | undefined): Pick<NodeSilence, "lostAt"> => {
    const lostAt = before?.lostAt;
    return lostAt !== undefined && now - lostAt < LOST_FOR_MS && holding.has(node) ? { lostAt } : {};
  };
  const next = new Map<string, NodeSilence>();
  for (const [node, heard] of answered) {
    const before = known.get(node);
    if (heard) next.set(node, { silentSince: undefined, silentLooks: 0, ...keptLoss(node, before) });
    else if (before)
      next.set(node, {
        silentSince: before.silentSince ?? now,
        silentLooks: before.silentLooks + 1,
        ...keptLoss(node, before),
      });
  }
  // Where all pods are on their way out there is nobody to ask.
  for (const [node, before] of known)
    if (!answered.has(node) && keptLoss(node, before).lostAt !== undefined) next.set(node, before);
  const asked = [...next].filter(([node]) => answered.has(node));
  const silent = asked.filter(([, { silentLooks }]) => silentLooks > 0);
  if (silent.length * 2 > asked.length) return next;
  for (const [node, one] of silent) if (isLong(one, now)) next.set(node, { lostAt: now, ...one });
  return next;
}

function isLong({ silentSince, silentLooks }: NodeSilence, now: number): boolean {
  return silentLooks >= LOST_AFTER_LOOKS && silentSince !== undefined && now - silentSince >= LOST_AFTER_MS;
}

export function lostNodes(known: KnownNodes): ReadonlySet<string> {
  return new Set([...known].filter(([, { lostAt }]) => lostAt !== undefined).map(([node]) => node));
}
