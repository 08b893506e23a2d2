import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hexOf, isDigest } from "../../../delivery/image/index.ts";
import {
  keepReferrers,
  keepTree,
  MOST_REMOVED,
  makeLinkReader,
  nothingStays,
  OutOfReach,
  parseRepository,
  type Repository,
  type Staying,
  type SweepReport,
} from "../../../delivery/registry/index.ts";
import { pause } from "../../../kernel/index.ts";
import type { DiskImageStore } from "./disk-image-store.ts";
import { isMissing } from "./durable-files.ts";
import { takeSweepLock } from "./sweep-lock.ts";
import { type SweepContext, sweepRepository, tidy, touchedAt } from "./sweep-repository.ts";
import { removeUnvouched } from "./vouched-files.ts";

export interface SweepOptions {
  /** The store whose images are swept, and where it is. */
  readonly content: DiskImageStore;
  readonly images: string;
  /** The folder of all repositories. */
  readonly repositories: string;
  /** Digests of the images that the platform's record knows. */
  readonly known: readonly string[];
  /** What was touched, or has been out of reach, for less than this stays. */
  readonly graceMs: number;
  /** Blobs that one sweep removes; the next one goes on. */
  readonly mostRemoved?: number;
  /** Ends the sweep after what is being removed. */
  readonly signal?: AbortSignal;
  /** For tests: called while something is aside. */
  readonly onAside?: () => Promise<void>;
}

/** After so many steps others have the disk for a moment, and the lock is renewed. */
const STEPS = 200;
const REST_MS = 5;

/**
 * Removes what nothing reaches: from repositories first, then from the store. It may be killed at any moment: what is
 * within reach is there, and the next sweep goes on. Undefined while another sweep is under way. Throws the signal's reason,
 * and when a document that others depend on cannot be read; no blob is removed then.
 */
export async function sweepImages(options: SweepOptions): Promise<SweepReport | undefined> {
  const lock = await takeSweepLock(join(options.images, "sweep.lock"));
  if (!lock) return undefined;
  const state = join(options.images, "out-of-reach.json");
  const cutMs = lock.takenMs - options.graceMs;
  const outOfReach = new OutOfReach(await readState(state), lock.takenMs, cutMs);
  let steps = 0;
  const goOn = async () => {
    options.signal?.throwIfAborted();
    steps += 1;
    if (steps % STEPS !== 0) return;
    await lock.beat();
    await pause(REST_MS);
  };
  try {
    const links = makeLinkReader(options.content);
    const context = { ...options, known: new Set(options.known), links, cutMs, outOfReach, goOn };
    const report = await sweep(context, options);
    await writeState(state, outOfReach.after());
    return { ...report, waiting: outOfReach.after().size };
  } finally {
    await lock.release();
  }
}

async function sweep(
  context: SweepContext,
  { images, mostRemoved = MOST_REMOVED }: SweepOptions,
): Promise<Omit<SweepReport, "waiting">> {
  const { content, cutMs, outOfReach, goOn } = context;
  const stays = nothingStays();
  let manifests = 0;
  for await (const repository of repositoriesIn(context.repositories)) {
    const swept = await sweepRepository(context, repository);
    for (const digest of swept.kept) stays.kept.add(digest);
    for (const digest of swept.reached) stays.reached.add(digest);
    manifests += swept.removed;
  }
  // Names come after repositories: an image that is named meanwhile was touched, with all that it names.
  for (const digest of [...context.known, ...(await content.named())]) await keepTree(context, digest, stays);
  const blobs = join(images, "blobs", "sha256");
  await tidy(blobs, cutMs);
  await tidyIngest(join(images, "ingest"), cutMs);
  const found = await findGoing(context, blobs, stays);
  await keepReferrers(context, found, stays);
  const going = found.filter((digest) => !stays.kept.has(digest));
  let [count, freedBytes] = [0, 0];
  for (const digest of going) {
    if (count === mostRemoved) return { manifests, blobs: count, freedBytes, more: true };
    await goOn();
    const size = await removeUnvouched(join(blobs, hexOf(digest)), cutMs, context.onAside);
    if (size === undefined) continue;
    outOfReach.forget(digest);
    count += 1;
    freedBytes += size;
  }
  return { manifests, blobs: count, freedBytes, more: false };
}

/** Blobs that nothing keeps, that nobody has touched, and whose time of grace is over. */
async function findGoing(
  context: SweepContext,
  folder: string,
  { kept, reached }: Staying,
): Promise<string[]> {
  const going: string[] = [];
  for (const name of await readdir(folder)) {
    const digest = `sha256:${name}`;
    if (!isDigest(digest) || reached.has(digest)) continue;
    await context.goOn();
    const touchedMs = await touchedAt(join(folder, name));
    if (touchedMs === undefined || touchedMs >= context.cutMs) continue;
    if (context.outOfReach.due(digest) && !kept.has(digest)) going.push(digest);
  }
  return going;
}

async function* repositoriesIn(root: string): AsyncGenerator<Repository> {
  for (const space of await foldersIn(root))
    for (const name of await foldersIn(join(root, space))) {
      const repository = parseRepository(`${space}/${name}`);
      if (repository) yield repository;
    }
}

async function foldersIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((thrown) => {
    if (isMissing(thrown)) return [];
    throw thrown;
  });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

/** Files that writers have left which were killed. */
async function tidyIngest(folder: string, cutMs: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (((await touchedAt(path)) ?? cutMs) < cutMs) await rm(path, { force: true });
  }
}

/** What is damaged is as good as nothing: all begins anew, and stays longer. */
async function readState(path: string): Promise<ReadonlyMap<string, number>> {
  try {
    const entries = Object.entries(JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>);
    return new Map(entries.filter((entry): entry is [string, number] => typeof entry[1] === "number"));
  } catch {
    return new Map();
  }
}

async function writeState(path: string, state: ReadonlyMap<string, number>): Promise<void> {
  const aside = `${path}.new`;
  await writeFile(aside, JSON.stringify(Object.fromEntries(state)), { mode: 0o600, flush: true });
  await rename(aside, path);
}
