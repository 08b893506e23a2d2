import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { CLONE } from "./running-platform.ts";

/** What an older version left: its home, stopped in good order, and what was seen there. */
export interface FixtureHome {
  /** The version in package.json, and the commit that it was made from. */
  readonly version: string;
  readonly commit: string;
  readonly madeAt: string;
  /** The steps of the schema that its database has taken. */
  readonly migrations: readonly string[];
  /** The major version of its PostgreSQL. */
  readonly postgres: string;
  readonly app: {
    readonly name: string;
    /** What it answered last, and what it answers at an earlier release. */
    readonly answers: string;
    readonly earlier: { readonly version: number; readonly answers: string };
    readonly configVars: Readonly<Record<string, string>>;
    readonly releases: readonly { readonly version: number; readonly description: string }[];
    readonly formation: readonly { readonly type: string; readonly quantity: number }[];
    /** The commit that was pushed last. */
    readonly pushed: string;
  };
}

const FOLDER = join(CLONE, "conformance", "fixtures");
const MANIFEST = join(FOLDER, "older-home.json");
const ARCHIVE = join(FOLDER, "older-home.tar.zst");

/**
 * What a start makes anew, or an app's next build: unpacked layers, caches, sockets, Conifer's own log (`diagnostics` before
 * it was `log`). All else is as the older version left it.
 */
const MADE_ANEW = ["layers", "build-cache", "downloads", "builders", "run", "log", "diagnostics"];

export function readFixtureHome(): FixtureHome {
  return JSON.parse(readFileSync(MANIFEST, "utf8")) as FixtureHome;
}

/** Lays the older version's home into an empty folder. It is whoever's who unpacks it. */
export function unpackFixtureHome(home: string): void {
  mkdirSync(home, { recursive: true });
  const input = zstdDecompressSync(readFileSync(ARCHIVE));
  execFileSync("tar", ["-x", "-p", "--no-same-owner", "-C", home], { input });
}

/** Packs a home that nothing runs in; returns the size in bytes. */
export function packFixtureHome(home: string, manifest: FixtureHome): number {
  const names = readdirSync(home).filter((name) => !MADE_ANEW.includes(name));
  const form = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner"];
  const tar = execFileSync("tar", ["-c", ...form, "-C", home, ...names], { maxBuffer: 2 ** 30 });
  const packed = zstdCompressSync(tar, { params: SMALL });
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(ARCHIVE, packed);
  writeFileSync(MANIFEST, `${JSON.stringify(manifest, undefined, 2)}\n`);
  return packed.length;
}

/** A database's templates are copies of each other: they are found at any distance. */
const SMALL = {
  [constants.ZSTD_c_compressionLevel]: 22,
  [constants.ZSTD_c_enableLongDistanceMatching]: 1,
  [constants.ZSTD_c_windowLog]: 27,
};
