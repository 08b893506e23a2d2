import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import { signingKeySeals } from "../delivery/attestation/index.ts";
import { configSeals } from "../delivery/config/index.ts";
import { journalKeyVersions } from "../drivers/embedded/dynos/index.ts";
import { holdMasterKey } from "../drivers/postgres/claims/index.ts";
import { countSeals, outlastTransactions, rewrapAll } from "../drivers/postgres/seals/index.ts";
import type { Db, SealedColumn } from "../kernel/index.ts";
import { dynoSeals } from "../runtime/formation/index.ts";
import { insideRunSeals } from "../runtime/one-off/index.ts";
import type { Home } from "./home.ts";
import { masterKeyFile, openMasterKey, readMasterKey, replaceMasterKey } from "./master-key.ts";

/** Every column of the store that holds sealed values. */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  configSeals,
  dynoSeals,
  insideRunSeals,
  signingKeySeals,
];

/** Where the master key is, and what it seals. */
export interface KeyPlace {
  readonly home: Home;
  readonly db: Db;
}

/** One version of the master key, and what is sealed with it. */
export interface KeyVersion {
  readonly version: number;
  readonly isCurrent: boolean;
  /** Rows of the database. */
  readonly rows: number;
  /** Whether the host's own record of what runs has it. */
  readonly journal: boolean;
}

export interface Rotation {
  readonly current: number;
  /** Rows that were wrapped anew. */
  readonly rows: number;
  /** Whether it has finished what one before it had begun. */
  readonly continued: boolean;
  /** False when a transaction has been under way for so long that a row of it may still come with the old version. */
  readonly settled: boolean;
}

export interface RotateOptions {
  readonly signal: AbortSignal;
  /** Told how many rows were wrapped anew, after each batch. */
  readonly onBatch: (count: number) => Promise<void> | void;
  /** How long transactions that began with the old version are waited for. Default: a minute. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 60_000;

/**
 * Gives the home a new version of its master key, with which everything is sealed from then on, and wraps what was sealed before
 * anew, while all goes on. The older versions stay: they open what was not wrapped yet, and backups of their time. One
 * that was broken off is finished by the next, which makes no other version. Throws when a backup or another rotation is under way.
 */
export async function rotateMasterKey({ home, db }: KeyPlace, options: RotateOptions): Promise<Rotation> {
  return await alone(db, async () => {
    const continued = await isUnfinished({ home, db });
    if (!continued) await addVersion(home);
    // From here on every process seals with the new version, since each look at the key finds it.
    const master = openMasterKey(home);
    const pass = async () => {
      let rows = 0;
      for (const column of SEALED_COLUMNS) {
        options.signal.throwIfAborted();
        rows += await rewrapAll(db, column, {
          master,
          onBatch: async (count) => {
            await options.onBatch(count);
            options.signal.throwIfAborted();
          },
        });
      }
      return rows;
    };
    const first = await pass();
    const settled = await outlastTransactions(db, options.patienceMs ?? PATIENCE_MS, options.signal);
    const rows = first + (await pass());
    return { current: master.current, rows, continued, settled };
  });
}

/** Every version that there is, and what uses it. */
export async function listKeyVersions({ home, db }: KeyPlace): Promise<readonly KeyVersion[]> {
  const { current, keys } = readMasterKey(home);
  const rows = new Map<number, number>();
  for (const column of SEALED_COLUMNS)
    for (const [version, count] of await countSeals(db, column))
      rows.set(version, (rows.get(version) ?? 0) + count);
  const journal = await journalKeyVersions(journalFile(home));
  return [...keys.keys()]
    .sort((a, b) => a - b)
    .map((version) => ({
      ...{ version, isCurrent: version === current },
      ...{ rows: rows.get(version) ?? 0, journal: journal.has(version) },
    }));
}

/** A value may have been sealed before a rotation and not be on record yet; none takes this long. */
const GRACE_MS = 10 * 60_000;

/**
 * Removes an older version of the master key that nothing is sealed with any more. Throws when something is, and for one that was
 * replaced less than ten minutes ago.
 */
export async function forgetKeyVersion(place: KeyPlace, version: number, nowMs: number): Promise<void> {
  await alone(place.db, async () => {
    const found = (await listKeyVersions(place)).find((one) => one.version === version);
    if (!found) throw new Error(`There is no version ${version} of the master key.`);
    if (found.isCurrent)
      throw new Error(`Version ${version} is the one that seals. Rotate first: npm run -s keys -- rotate`);
    if (found.rows > 0)
      throw new Error(
        `Version ${version} still seals ${found.rows} rows. Wrap them anew first: npm run -s keys -- rotate`,
      );
    if (found.journal)
      throw new Error(
        `Version ${version} still seals what the host remembers, which is written anew when a formation changes or Conifer is ` +
          "started again. Forget it after that.",
      );
    const leftMs = statSync(masterKeyFile(place.home)).mtimeMs + GRACE_MS - nowMs;
    if (leftMs > 0)
      throw new Error(
        `The master key was changed just now. Forget version ${version} in ${Math.ceil(leftMs / 60_000)} minutes.`,
      );
    const { current, keys } = readMasterKey(place.home);
    await replaceMasterKey(place.home, {
      current,
      keys: new Map([...keys].filter(([one]) => one !== version)),
    });
  });
}

function journalFile(home: Home): string {
  return join(home.state, "host.bin");
}

async function addVersion(home: Home): Promise<void> {
  const { keys } = readMasterKey(home);
  const version = Math.max(...keys.keys()) + 1;
  await replaceMasterKey(home, { current: version, keys: new Map([...keys, [version, randomBytes(32)]]) });
}

async function isUnfinished(place: KeyPlace): Promise<boolean> {
  return (await listKeyVersions(place)).some(({ isCurrent, rows }) => !isCurrent && rows > 0);
}

/** Does the work while nobody else changes the key, and nobody copies it. */
async function alone<T>(db: Db, work: () => Promise<T>): Promise<T> {
  return await db.transaction().execute(async (trx) => {
    if (await holdMasterKey(trx, "alone")) return await work();
    throw new Error("A backup or a rotation of the master key is under way. Try again when it is done.");
  });
}
