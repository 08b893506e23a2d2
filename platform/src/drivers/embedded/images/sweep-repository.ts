import { readdir, rm, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { isDigest } from "../../../delivery/image/index.ts";
import {
  type CollectedManifest,
  type HeldManifest,
  isStatementTag,
  type LinkReader,
  type OutOfReach,
  PLATFORM_SPACE,
  planRepository,
  type Repository,
  type RepositoryFacts,
  repositoryName,
} from "../../../delivery/registry/index.ts";
import type { DiskImageStore } from "./disk-image-store.ts";
import { repositoryPaths } from "./disk-repositories.ts";
import { isMissing } from "./durable-files.ts";
import { namesIn, readIfThere } from "./record-files.ts";
import { isAside, putBackAside, removeOutright, removeUnvouched } from "./vouched-files.ts";

/** What one sweep knows while it is under way. */
export interface SweepContext {
  readonly content: DiskImageStore;
  readonly links: LinkReader;
  /** The folder of all repositories. */
  readonly repositories: string;
  readonly known: ReadonlySet<string>;
  /** What was touched at this time or later stays. */
  readonly cutMs: number;
  readonly outOfReach: OutOfReach;
  /** Called often; throws when the sweep is to end. */
  readonly goOn: () => Promise<void>;
  /** For tests: called while something is aside. */
  readonly onAside?: () => Promise<void>;
}

export interface SweptRepository {
  /** What it holds or names, and what of that something reaches. */
  readonly kept: ReadonlySet<string>;
  readonly reached: ReadonlySet<string>;
  /** Manifests that it has lost. */
  readonly removed: number;
}

/** Removes from a repository what nothing reaches, and returns what it keeps. */
export async function sweepRepository(
  context: SweepContext,
  repository: Repository,
): Promise<SweptRepository> {
  const { known, cutMs, outOfReach } = context;
  const at = repositoryPaths(context.repositories);
  const folder = at.folder(repository);
  await tidy(folder, cutMs);
  const { facts, held, statementTags } = await readFacts(context, repository);
  const keyOf = (digest: string) => `${repositoryName(repository)}@${digest}`;
  const plan = planRepository(facts, {
    known: (digest) => known.has(digest),
    ...{ keepsAll: repository.space === PLATFORM_SPACE, cutMs },
    due: (digest) => outOfReach.due(keyOf(digest)),
  });
  const kept = new Set(plan.kept);
  let removed = 0;
  for (const digest of indexesFirst(plan.manifests, facts)) {
    await context.goOn();
    const gone = await removeUnvouched(at.manifest(repository, digest), cutMs, context.onAside);
    if (gone === undefined) {
      // Somebody counts on it again, and may on what it names: the repository keeps what it still has.
      for (const one of facts.blobs.keys()) kept.add(one);
      for (const [one, { names }] of facts.manifests) for (const part of [one, ...names]) kept.add(part);
      break;
    }
    const { subject } = held.get(digest) ?? {};
    if (subject !== undefined) await removeOutright(at.referrer(repository, subject, digest));
    outOfReach.forget(keyOf(digest));
    removed += 1;
  }
  for (const [tag, digest] of statementTags)
    if ((await touchedAt(at.manifest(repository, digest))) === undefined)
      await removeOutright(at.tag(repository, tag));
  for (const digest of plan.blobs) {
    await context.goOn();
    const stays =
      kept.has(digest) ||
      (await removeUnvouched(at.blob(repository, digest), cutMs, context.onAside)) === undefined;
    if (stays) kept.add(digest);
    else outOfReach.forget(keyOf(digest));
  }
  await removeEmpty(folder);
  return { kept, reached: plan.reached, removed };
}

/** An index goes before what it names: one that stays after all has lost nothing. */
function indexesFirst(digests: readonly string[], { manifests }: RepositoryFacts): readonly string[] {
  const namesManifests = (digest: string) =>
    manifests.get(digest)?.names.some((name) => manifests.has(name)) ?? false;
  return [...digests.filter(namesManifests), ...digests.filter((digest) => !namesManifests(digest))];
}

async function readFacts(
  context: SweepContext,
  repository: Repository,
): Promise<{
  facts: RepositoryFacts;
  held: ReadonlyMap<string, HeldManifest>;
  /** Tags of statements about an image, with what they name: they go with it. */
  statementTags: ReadonlyMap<string, string>;
}> {
  const at = repositoryPaths(context.repositories);
  const folder = at.folder(repository);
  const manifests = new Map<string, CollectedManifest>();
  const held = new Map<string, HeldManifest>();
  for (const digest of await digestsIn(join(folder, "manifests"))) {
    await context.goOn();
    const touchedMs = await touchedAt(at.manifest(repository, digest));
    const text = await readIfThere(at.manifest(repository, digest));
    if (touchedMs === undefined || text === undefined) continue;
    const record = JSON.parse(text) as HeldManifest;
    held.set(digest, record);
    const { names } = await context.links.of(digest, record.mediaType);
    manifests.set(digest, {
      ...{ names, touchedMs },
      ...(record.subject === undefined ? {} : { subject: record.subject }),
    });
  }
  const blobs = new Map<string, number>();
  for (const digest of await digestsIn(join(folder, "blobs"))) {
    const touchedMs = await touchedAt(at.blob(repository, digest));
    if (touchedMs !== undefined) blobs.set(digest, touchedMs);
  }
  // Tags come last: one that moves to a manifest meanwhile has touched it, and all that it names.
  const tagged = new Set<string>();
  const statementTags = new Map<string, string>();
  for (const tag of (await namesIn(join(folder, "tags"))) ?? []) {
    const digest = await readIfThere(at.tag(repository, tag));
    if (!digest) continue;
    if (isStatementTag(tag, held.get(digest)?.subject, held.has(digest))) statementTags.set(tag, digest);
    else tagged.add(digest);
  }
  return { facts: { tagged, manifests, blobs }, held, statementTags };
}

async function digestsIn(folder: string): Promise<readonly string[]> {
  return ((await namesIn(folder)) ?? []).map((name) => `sha256:${name}`).filter(isDigest);
}

export async function touchedAt(path: string): Promise<number | undefined> {
  const found = await stat(path).catch((thrown) => {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  });
  return found?.mtimeMs;
}

/** Puts back what a sweep that was killed had moved aside, and removes what a writer that was killed has left. */
export async function tidy(folder: string, cutMs: number): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((thrown) => {
    if (isMissing(thrown)) return [];
    throw thrown;
  });
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await tidy(path, cutMs);
    else if (isAside(entry.name)) await putBackAside(path);
    else if (entry.name.startsWith(".") && ((await touchedAt(path)) ?? cutMs) < cutMs)
      await rm(path, { force: true });
  }
}

/** Removes folders that hold nothing, from the lowest up. A writer makes again what it needs. */
async function removeEmpty(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await removeEmpty(join(folder, entry.name));
  await rmdir(folder).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code !== "ENOTEMPTY" && thrown.code !== "EEXIST" && !isMissing(thrown)) throw thrown;
  });
}
