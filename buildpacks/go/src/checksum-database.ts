import { createPublicKey, verify } from "node:crypto";
import { provenRoot, type ReadDatabase, recordHash } from "./checksum-tree.ts";

/** A checksum database as GOSUMDB names it. */
export interface ChecksumDatabase {
  readonly name: string;
  /** Four bytes that name the key in signatures, and the Ed25519 key of 32 bytes. */
  readonly keyHash: Buffer;
  readonly key: Buffer;
  /** Where it is asked directly. */
  readonly address: string;
  /** Whether a module proxy may be asked in its stead: not where the operator gave an address. */
  readonly viaProxies: boolean;
}

/** The database Go knows by name, its key as cmd/go has it. */
const KNOWN = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
const ALIASES: Readonly<Record<string, { readonly key: string; readonly address?: string }>> = {
  "sum.golang.org": { key: KNOWN },
  "sum.golang.google.cn": { key: KNOWN, address: "https://sum.golang.google.cn" },
};

/**
 * Reads GOSUMDB: `<name>` of a known one, or `<name>+<hash>+<key> [<address>]` (golang.org/ref/mod,
 * "Checksum database"). Undefined for `off`. Throws for what is none of these.
 */
export function checksumDatabase(setting: string | undefined): ChecksumDatabase | undefined {
  const [word = "sum.golang.org", given] = (setting ?? "").trim().split(/\s+/).filter(Boolean);
  if (word === "off") return undefined;
  const known = ALIASES[word];
  const [name, hash, ...key] = (known?.key ?? word).split("+");
  const bytes = Buffer.from(key.join("+"), "base64");
  if (!name || !/^[0-9a-f]{8}$/.test(hash ?? "") || bytes.length !== 33 || bytes[0] !== 1) {
    throw new Error(`GOSUMDB holds "${word}", which is no known checksum database and has no readable key`);
  }
  const address = given ?? known?.address;
  return {
    name,
    keyHash: Buffer.from(hash as string, "hex"),
    key: bytes.subarray(1),
    address: (address ?? `https://${name}`).replace(/\/+$/, ""),
    viaProxies: address === undefined,
  };
}

export interface SignedTree {
  readonly size: number;
  readonly root: Buffer;
}

/**
 * The tree that a database vouches for: a signed note (golang.org/x/mod/sumdb/note) whose text is
 * `go.sum database tree`, the number of records and the root's hash. Throws unless the signature is good.
 */
export function readSignedTree(note: string, database: ChecksumDatabase): SignedTree {
  const split = note.lastIndexOf("\n\n");
  const text = note.slice(0, split + 1);
  const signed = note
    .slice(split + 2)
    .split("\n")
    .some((line) => isSignature(line, text, database));
  if (split < 0 || !signed) throw new Error(`what it answered is not signed by ${database.name}`);
  const [title, size = "", root = ""] = text.split("\n");
  const hash = Buffer.from(root, "base64");
  if (title !== "go.sum database tree" || !/^[1-9]\d{0,14}$/.test(size) || hash.length !== 32) {
    throw new Error("what it answered is no checksum tree");
  }
  return { size: Number(size), root: hash };
}

/** An Ed25519 public key before its 32 bytes, in the form that OpenSSL reads (RFC 8410). */
const KEY_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

function isSignature(line: string, text: string, database: ChecksumDatabase): boolean {
  const [, name, encoded] = /^— (\S+) (\S+)$/.exec(line) ?? [];
  const bytes = Buffer.from(encoded ?? "", "base64");
  if (name !== database.name || bytes.length !== 68 || !bytes.subarray(0, 4).equals(database.keyHash)) {
    return false;
  }
  const key = createPublicKey({
    key: Buffer.concat([KEY_PREFIX, database.key]),
    format: "der",
    type: "spki",
  });
  return verify(null, Buffer.from(text), key, bytes.subarray(4));
}

/**
 * The `h1:` hash that the database has for a module's version, checked as cmd/go does: the record must be in the tree
 * whose head is signed. Whoever carries the answers, a proxy for one, cannot forge it.
 */
export async function lookUpModuleHash(
  database: ChecksumDatabase,
  module: { readonly path: string; readonly version: string },
  read: ReadDatabase,
): Promise<string> {
  const answer = (await read(`/lookup/${module.path}@${module.version}`)).toString();
  const [, number, record, note] = /^(\d{1,15})\n((?:[^\n]+\n)+)\n([\s\S]+)$/.exec(answer) ?? [];
  if (number === undefined || record === undefined || note === undefined) {
    throw new Error("what it answered is no record of a checksum");
  }
  const tree = readSignedTree(note, database);
  const root = await provenRoot({ index: Number(number), size: tree.size }, recordHash(record), read);
  if (!root.equals(tree.root)) throw new Error("the record is not in the tree that the database has signed");
  const start = `${module.path} ${module.version} `;
  const line = record.split("\n").find((each) => each.startsWith(start));
  const hash = line?.slice(start.length);
  if (hash === undefined || !/^h1:[A-Za-z0-9+/]{43}=$/.test(hash)) {
    throw new Error("the record is of another module");
  }
  return hash;
}
