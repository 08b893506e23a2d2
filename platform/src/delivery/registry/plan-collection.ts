/** A manifest as the collection sees it. */
export interface CollectedManifest {
  /** Digests of the blobs and manifests that it names. */
  readonly names: readonly string[];
  /** What it is about; it stays as long as that does. */
  readonly subject?: string;
  /** When somebody last counted on it. */
  readonly touchedMs: number;
}

/** What a repository holds when it is looked at. */
export interface RepositoryFacts {
  /** The digests that its tags name. */
  readonly tagged: ReadonlySet<string>;
  readonly manifests: ReadonlyMap<string, CollectedManifest>;
  /** Its blobs, each with when somebody last counted on it. */
  readonly blobs: ReadonlyMap<string, number>;
}

export interface CollectionRules {
  /** Whether the platform's record knows an image of this digest. */
  readonly known: (digest: string) => boolean;
  /** Of the platform's own images none is collected. */
  readonly keepsAll: boolean;
  /** What was touched at this time or later is kept. */
  readonly cutMs: number;
  /** Whether something that nothing reaches has been so for the time of grace. Called for all that nothing reaches. */
  readonly due: (digest: string) => boolean;
}

export interface CollectionPlan {
  /** Manifests to be removed. */
  readonly manifests: readonly string[];
  /** Blobs that the repository no longer holds. */
  readonly blobs: readonly string[];
  /** All that the repository goes on holding, and all that this names: its content stays. */
  readonly kept: ReadonlySet<string>;
  /** What of it something reaches: the rest is kept for its time of grace only. */
  readonly reached: ReadonlySet<string>;
}

/**
 * Decides what a repository loses. What has a tag, what the platform knows and what is new are kept, with all that they
 * name and all that is about them; so is, whole, what has not been out of reach for long enough.
 */
export function planRepository(facts: RepositoryFacts, rules: CollectionRules): CollectionPlan {
  const isRoot = ([digest, { touchedMs }]: readonly [string, CollectedManifest]) =>
    rules.keepsAll || facts.tagged.has(digest) || touchedMs >= rules.cutMs || rules.known(digest);
  const reached = new Set<string>();
  reach(facts, digestsOf([...facts.manifests].filter(isRoot)), reached);
  // A manifest's bytes may have been pushed as a blob too: the one keeps the other whole.
  const isNew = ([, touchedMs]: readonly [string, number]) => rules.keepsAll || touchedMs >= rules.cutMs;
  reach(facts, digestsOf([...facts.blobs].filter(isNew)), reached);
  // All that is out of reach is noted, be it kept by something that waits or not: their times of grace are the same one.
  const waits = (digest: string) => !reached.has(digest) && !rules.due(digest);
  const waiting = new Set([...facts.manifests.keys(), ...facts.blobs.keys()].filter(waits));
  const kept = new Set(reached);
  reach(facts, [...waiting], kept);
  const goes = (digest: string) => !kept.has(digest);
  return {
    manifests: [...facts.manifests.keys()].filter(goes),
    blobs: [...facts.blobs.keys()].filter(goes),
    ...{ kept, reached },
  };
}

const digestsOf = (entries: readonly (readonly [string, unknown])[]) => entries.map(([digest]) => digest);

/** Adds what can be reached from manifests: what they name, and manifests about them. */
function reach({ manifests }: RepositoryFacts, from: readonly string[], into: Set<string>): void {
  const about = new Map<string, string[]>();
  for (const [digest, { subject }] of manifests)
    if (subject !== undefined) about.set(subject, [...(about.get(subject) ?? []), digest]);
  const waiting = [...from];
  for (let digest = waiting.pop(); digest !== undefined; digest = waiting.pop()) {
    if (into.has(digest)) continue;
    into.add(digest);
    waiting.push(...(manifests.get(digest)?.names ?? []), ...(about.get(digest) ?? []));
  }
}

/**
 * Whether a tag only says where a statement about an image is found: `sha256-<hex of the image>.<what>`, as cosign names
 * signatures, of a manifest about that image. Such a tag keeps nothing: the statement stays as long as its image does. `isHeld`
 * is false for a tag that names what is not there any more.
 */
export function isStatementTag(tag: string, subject: string | undefined, isHeld: boolean): boolean {
  const about = /^sha256-([0-9a-f]{64})\.[a-z]{1,16}$/.exec(tag)?.[1];
  return about !== undefined && (!isHeld || subject === `sha256:${about}`);
}

/** Since when each thing has been out of reach, by names of the caller's choice, in ms. Kept from sweep to sweep. */
export class OutOfReach {
  readonly #before: ReadonlyMap<string, number>;
  readonly #after = new Map<string, number>();
  readonly #nowMs: number;
  readonly #cutMs: number;

  /** `cutMs` is `nowMs` less the time of grace. */
  constructor(before: ReadonlyMap<string, number>, nowMs: number, cutMs: number) {
    this.#before = before;
    this.#nowMs = nowMs;
    this.#cutMs = cutMs;
  }

  /** Notes that something is out of reach, and returns whether it has been for the time of grace. */
  due(name: string): boolean {
    // A clock that was ahead does not keep anything for ever.
    const since = Math.min(this.#before.get(name) ?? this.#nowMs, this.#nowMs);
    this.#after.set(name, since);
    return since <= this.#cutMs;
  }

  /** Something was removed. */
  forget(name: string): void {
    this.#after.delete(name);
  }

  /** What was noted and is still there. What came within reach again is not among it, and begins anew. */
  after(): ReadonlyMap<string, number> {
    return this.#after;
  }
}
