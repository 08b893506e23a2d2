import type { RegistryDependencies } from "./registry-call.ts";
import type { Repository } from "./registry-rules.ts";

/** What the repositories of spaces hold together, each blob and manifest once. */
export interface SpaceUsage {
  /** In bytes. */
  bytes(space: string): Promise<number>;
  /** How many bytes more it would be with this: none when the space holds it already. */
  moreWith(space: string, digest: string, sizeBytes: number): Promise<number>;
  /** This has come, or comes now. To be told in the space's turn. */
  added(space: string, digest: string, sizeBytes: number): void;
  /** Something was deleted from one of its repositories, which others of the space may hold. */
  changed(space: string): void;
}

/** What other processes add or remove is known after so long. */
const KEPT_MS = 60_000;

interface Counted {
  readonly digests: Set<string>;
  bytes: number;
  readonly untilMs: number;
}

/**
 * Counts a whole space, and then goes by what this process adds to it until it counts again: a space may hold more than
 * can be looked at for each push.
 */
export function makeSpaceUsage({
  content,
  records,
  now,
}: Pick<RegistryDependencies, "content" | "records" | "now">): SpaceUsage {
  const known = new Map<string, Counted>();
  const count = async (space: string): Promise<Counted> => {
    const counted: Counted = { digests: new Set(), bytes: 0, untilMs: now().getTime() + KEPT_MS };
    for await (const repository of records.repositories(space))
      for await (const { digest, sizeBytes } of heldBy({ content, records }, repository, counted.digests)) {
        counted.digests.add(digest);
        counted.bytes += sizeBytes;
      }
    return counted;
  };
  const current = async (space: string): Promise<Counted> => {
    const before = known.get(space);
    if (before && before.untilMs > now().getTime()) return before;
    const counted = await count(space);
    // Another may have counted meanwhile, and knows what was added since.
    const other = known.get(space);
    if (other && other !== before) return other;
    known.set(space, counted);
    return counted;
  };
  return {
    bytes: async (space) => (await current(space)).bytes,
    moreWith: async (space, digest, sizeBytes) =>
      (await current(space)).digests.has(digest) ? 0 : sizeBytes,
    added(space, digest, sizeBytes) {
      const counted = known.get(space);
      if (!counted || counted.digests.has(digest)) return;
      counted.digests.add(digest);
      counted.bytes += sizeBytes;
    },
    changed: (space) => void known.delete(space),
  };
}

/** What a repository holds and is not counted yet. */
async function* heldBy(
  { content, records }: Pick<RegistryDependencies, "content" | "records">,
  repository: Repository,
  counted: ReadonlySet<string>,
): AsyncGenerator<{ readonly digest: string; readonly sizeBytes: number }> {
  for await (const digest of records.blobs(repository))
    if (!counted.has(digest)) yield { digest, sizeBytes: await content.weigh(digest) };
  for await (const { digest, sizeBytes } of records.manifests(repository))
    if (!counted.has(digest)) yield { digest, sizeBytes };
}
