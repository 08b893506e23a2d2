import type { LinkReader } from "./document-links.ts";

/** What stays in a store. */
export interface Staying {
  readonly kept: Set<string>;
  /** What of it something reaches. The rest waits for its time of grace to be over, which passes meanwhile. */
  readonly reached: Set<string>;
  /** The documents that have been read for it. */
  readonly read: Set<string>;
}

/** How a sweep goes through documents. */
export interface DocumentWalk {
  readonly links: LinkReader;
  /** Called often; throws when the sweep is to end. */
  readonly goOn: () => Promise<void>;
}

export function nothingStays(): Staying {
  return { kept: new Set(), reached: new Set(), read: new Set() };
}

/** Keeps a document and all that it names. What is not there is no reason to keep less of the rest. */
export async function keepTree(
  { links, goOn }: DocumentWalk,
  root: string,
  { kept, reached, read }: Staying,
): Promise<void> {
  const waiting = [root];
  for (let digest = waiting.pop(); digest !== undefined; digest = waiting.pop()) {
    if (read.has(digest)) continue;
    read.add(digest);
    await goOn();
    const { names, manifests } = await links.of(digest);
    for (const one of [digest, ...names]) {
      kept.add(one);
      reached.add(one);
    }
    waiting.push(...manifests);
  }
}

/** Of what is to go keeps manifests about something that stays, in no repository or in one that lost it, with what they name. */
export async function keepReferrers(
  walk: DocumentWalk,
  going: Iterable<string>,
  stays: Staying,
): Promise<void> {
  const { kept } = stays;
  const abouts = new Map<string, string>();
  for (const digest of going) {
    await walk.goOn();
    const subject = (await walk.links.ifDocument(digest))?.subject;
    if (subject !== undefined) abouts.set(digest, subject);
  }
  for (let before = -1; before !== kept.size; ) {
    before = kept.size;
    for (const [digest, subject] of abouts)
      if (kept.has(subject) && !kept.has(digest)) await keepTree(walk, digest, stays);
  }
}
