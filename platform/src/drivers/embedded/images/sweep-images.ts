import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DOCUMENT_LIMIT, hexOf, isDigest } from "../../../delivery/image/index.ts";
import { OutOfReach, parseRepository, type Repository } from "../../../delivery/registry/index.ts";
import { pause } from "../../../kernel/index.ts";
import type { DiskImageStore } from "./disk-image-store.ts";
import { isMissing } from "./durable-files.ts";
import { takeSweepLock } from "./sweep-lock.ts";
import { linksOf, type SweepContext, sweepRepository, tidy, touchedAt } from "./sweep-repository.ts";
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

export interface SweepReport {
  /** Manifests that repositories have lost. */
  readonly manifests: number;
  readonly blobs: number;
  readonly freedBytes: number;
  /** What is out of reach, and not yet for long enough. */
  readonly waiting: number;
  /** Whether there is more to remove at once. */
  readonly more: boolean;
}

const MOST_REMOVED = 50_000;
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
    const context = { ...options, known: new Set(options.known), cutMs, outOfReach, goOn };
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
  const stays: Staying = { kept: new Set(), reached: new Set(), read: new Set() };
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
  const going = await keepReferrers(context, stays, await findGoing(context, blobs, stays));
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

/** What stays in the store. */
interface Staying {
  readonly kept: Set<string>;
  /** What of it something reaches. The rest waits for its time of grace to be over, which passes meanwhile. */
  readonly reached: Set<string>;
  /** The documents that have been read for it. */
  readonly read: Set<string>;
}

/** Keeps a document and all that it names. What is not there is no reason to keep less of the rest. */
async function keepTree({ content, goOn }: SweepContext, root: string, stays: Staying): Promise<void> {
  const { kept, reached, read } = stays;
  const waiting = [root];
  for (let digest = waiting.pop(); digest !== undefined; digest = waiting.pop()) {
    if (read.has(digest)) continue;
    read.add(digest);
    await goOn();
    const { names, manifests } = await linksOf(content, digest);
    for (const one of [digest, ...names]) {
      kept.add(one);
      reached.add(one);
    }
    waiting.push(...manifests);
  }
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

/** Leaves out manifests about something that is kept, in no repository or in one that lost it, with what they name. */
async function keepReferrers(
  context: SweepContext,
  stays: Staying,
  going: readonly string[],
): Promise<readonly string[]> {
  const { kept } = stays;
  const abouts = new Map<string, string>();
  for (const digest of going) {
    await context.goOn();
    const subject = (await linksIfManifest(context.content, digest))?.subject;
    if (subject !== undefined) abouts.set(digest, subject);
  }
  for (let before = -1; before !== kept.size; ) {
    before = kept.size;
    for (const [digest, subject] of abouts)
      if (kept.has(subject) && !kept.has(digest)) await keepTree(context, digest, stays);
  }
  return going.filter((digest) => !kept.has(digest));
}

/** Only what is small and begins like JSON is read at all. */
async function linksIfManifest(content: DiskImageStore, digest: string) {
  const size = await content.weigh(digest);
  if (size === 0 || size > DOCUMENT_LIMIT) return undefined;
  const beginning = await content.read(digest, { start: 0, end: 0 }).catch(() => undefined);
  for await (const first of (beginning ?? []) as AsyncIterable<Buffer>)
    if (first[0] !== 0x7b) return undefined;
  return await linksOf(content, digest).catch(() => undefined);
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
