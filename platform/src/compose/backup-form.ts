import { hkdfSync } from "node:crypto";
import { join } from "node:path";
import { ArchiveDamaged } from "../drivers/files/archives/index.ts";
import type { MasterKey } from "../kernel/index.ts";
import type { Home } from "./home.ts";

/** Of the form of backups; a reader refuses a later one. */
export const BACKUP_FORMAT = 1;

/** One version of the master key, told without telling it. */
export interface KeyMark {
  readonly version: number;
  /** Derived from the key: another key has another. */
  readonly mark: string;
}

/** What stands first in a backup. */
export interface BackupHead {
  readonly format: number;
  /** The version of the Conifer that wrote it. */
  readonly conifer: string;
  readonly createdAt: string;
  /** The steps of the schema that its database had taken. */
  readonly migrations: readonly string[];
  /** Every version of the master key that its sealed values may need. */
  readonly keys: readonly KeyMark[];
  /** Whether the master key is in it. */
  readonly withKey: boolean;
}

/** What stands last: beside the sums, how many rows there are, and what was not whole when it was copied. */
export interface BackupDetails {
  readonly tables: Readonly<Record<string, number>>;
  readonly jobs: number;
  readonly problems: readonly string[];
}

const ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const HEX = "[0-9a-f]{64}";
const NAME = "[a-z0-9][a-z0-9._-]{0,99}";

/** The sections of a backup in their order, and which files each may hold: nothing else is copied, or taken. */
export const SECTIONS = {
  database: /^[a-z_][a-z0-9_]{0,62}\/\d{1,9}$/,
  jobs: /^\d{1,9}$/,
  keys: /^(?:ca\.pem|ca\.key|access\.json|master\.json)$/,
  git: new RegExp(
    `^${ID}\\.git/(?:HEAD|packed-refs|shallow|objects/(?:[0-9a-f]{2}/(?:[0-9a-f]{38}|[0-9a-f]{62})|pack/pack-[0-9a-f]{40,64}\\.(?:pack|idx|rev|bitmap)))$`,
  ),
  repositories: new RegExp(
    `^${NAME}/${NAME}/(?:(?:blobs|manifests)/${HEX}|tags/[A-Za-z0-9_][A-Za-z0-9._-]{0,127}|referrers/[0-9a-f]{64,128}/${HEX})$`,
  ),
  images: new RegExp(`^(?:index\\.json|oci-layout|blobs/sha256/${HEX})$`),
  sources: new RegExp(`^(?:sha256/[0-9a-f]{2}/${HEX}|uploads/${ID})$`),
  logs: new RegExp(`^${ID}/\\d{16}(?:\\.log|\\.\\d{1,12}\\.zst)$`),
  outputs: new RegExp(`^${ID}/\\d{1,12}\\.(?:\\d{1,12}\\.txt|end)$`),
} as const;

export type SectionName = keyof typeof SECTIONS;

/** The sections that are files of the home, with their folders. */
export function sectionFolders(home: Home) {
  return {
    git: home.git,
    repositories: home.repositories,
    images: home.images,
    sources: home.sources,
    logs: home.logs,
    outputs: join(home.state, "outputs"),
  } as const;
}

export function isExpected(section: string, path: string): boolean {
  return Object.hasOwn(SECTIONS, section) && SECTIONS[section as SectionName].test(path);
}

/** The digest that a file's name says its content has, in hex; undefined where names say nothing. */
export function namedDigest(section: string, path: string): string | undefined {
  if (section !== "images" && section !== "sources") return undefined;
  return new RegExp(`/(${HEX})$`).exec(path)?.[1];
}

/** What binds a file of the home that was sealed to its place in a backup. */
export const sealedContext = (name: string) => `backup:${name}`;

export function keyMarks(master: MasterKey): readonly KeyMark[] {
  const markOf = (key: Buffer) => Buffer.from(hkdfSync("sha256", key, "", "conifer backup key mark", 16));
  return [...master.keys].map(([version, key]) => ({ version, mark: markOf(key).toString("hex") }));
}

/** What keeps a master key from opening all that a backup holds; undefined for the right one. */
export function whyNotKey({ keys }: Pick<BackupHead, "keys">, master: MasterKey): string | undefined {
  const found = new Map(keyMarks(master).map(({ version, mark }) => [version, mark]));
  for (const { version, mark } of keys) {
    if (!found.has(version)) return `it has no version ${version}, with which a part of the backup is sealed`;
    if (found.get(version) !== mark) return `its version ${version} is another key than the backup's`;
  }
  return undefined;
}

/** Parses what stands first. Throws for what no Conifer wrote, and for a form that a later one did. */
export function parseHead(value: unknown): BackupHead {
  const head = (value ?? {}) as Partial<BackupHead>;
  if (typeof head.format !== "number")
    throw new ArchiveDamaged("it does not begin as a backup of Conifer does");
  if (head.format > BACKUP_FORMAT)
    throw new Error(
      `A newer Conifer (${String(head.conifer)}) wrote this backup, in form ${head.format}; this one reads form ${BACKUP_FORMAT}. ` +
        "Restore it with that Conifer.",
    );
  const { migrations, keys, conifer, createdAt } = head;
  const isWhole =
    typeof conifer === "string" &&
    typeof createdAt === "string" &&
    Array.isArray(migrations) &&
    migrations.every((name) => typeof name === "string") &&
    Array.isArray(keys) &&
    keys.every((key) => Number.isInteger(key?.version) && typeof key?.mark === "string");
  if (!isWhole) throw new ArchiveDamaged("what stands first in it is not whole");
  return head as BackupHead;
}

/** Parses what stands beside the sums. */
export function parseDetails(value: unknown): BackupDetails {
  const { tables, jobs, problems } = (value ?? {}) as Partial<BackupDetails>;
  if (typeof tables !== "object" || tables === null || typeof jobs !== "number" || !Array.isArray(problems))
    throw new ArchiveDamaged("its manifest is not whole");
  return { tables, jobs, problems };
}
