import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

/**
 * A versioned key that wraps data keys. `keys` holds every version still needed to open; `current` seals. Both may be others at the
 * next look, when somebody rotates the key meanwhile: then there is a newer version, and the older ones are still there.
 */
export interface MasterKey {
  readonly current: number;
  readonly keys: ReadonlyMap<number, Buffer>;
}

/** Where a capability keeps sealed values: a column of bytes, with the column that is unique to each row. */
export interface SealedColumn {
  readonly table: string;
  readonly column: string;
  readonly id: string;
  /** The context that the value of a row is bound to. */
  readonly contextOf: (id: string) => string;
}

/**
 * Envelope encryption (AES-256-GCM): a random data key for each value, wrapped by the master key.
 * `context` (a resource's id) is bound in as additional data, so that a sealed value cannot be moved to another row.
 * Form: version(1) · master key version(4) · wrapped key iv(12) tag(16) key(32) · iv(12) tag(16) text.
 */
export function seal(plain: string | Buffer, context: string, master: MasterKey): Buffer {
  const dataKey = randomBytes(32);
  return Buffer.concat([wrap(dataKey, context, master), encrypt(Buffer.from(plain), dataKey, context)]);
}

/** The inverse of `seal`. Throws when the value was altered, moved to another context, or its key version is gone. */
export function unseal(sealed: Buffer, context: string, master: MasterKey): Buffer {
  return decrypt(sealed.subarray(WRAPPED_BYTES), unwrap(sealed, context, master), context);
}

/** The version of the master key that a value is wrapped with. Throws for what is not a sealed value. */
export function sealedVersion(sealed: Buffer): number {
  if (sealed.length < WRAPPED_BYTES + 28 || sealed.readUInt8(0) !== 1) throw new Error("not a sealed value");
  return sealed.readUInt32BE(1);
}

/** The same value, wrapped with the current version of the master key; what was sealed is not opened for it. */
export function rewrap(sealed: Buffer, context: string, master: MasterKey): Buffer {
  const dataKey = unwrap(sealed, context, master);
  return Buffer.concat([wrap(dataKey, context, master), sealed.subarray(WRAPPED_BYTES)]);
}

/** Form, version of the master key, and the wrapped data key. */
const WRAPPED_BYTES = 1 + 4 + 60;

function wrap(dataKey: Buffer, context: string, master: MasterKey): Buffer {
  // Read once: the next look may find another version.
  const version = master.current;
  const head = Buffer.alloc(5);
  head.writeUInt8(1, 0);
  head.writeUInt32BE(version, 1);
  return Buffer.concat([head, encrypt(dataKey, keyOf(master, version), context)]);
}

function unwrap(sealed: Buffer, context: string, master: MasterKey): Buffer {
  const version = sealedVersion(sealed);
  return decrypt(sealed.subarray(5, WRAPPED_BYTES), keyOf(master, version), context);
}

function keyOf(master: MasterKey, version: number): Buffer {
  const key = master.keys.get(version);
  if (!key) throw new Error(`master key version ${version} is not available`);
  return key;
}

function encrypt(plain: Buffer, key: Buffer, context: string): Buffer {
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(context));
  const text = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), text]);
}

function decrypt(sealed: Buffer, key: Buffer, context: string): Buffer {
  const cipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, 12));
  cipher.setAAD(Buffer.from(context)).setAuthTag(sealed.subarray(12, 28));
  return Buffer.concat([cipher.update(sealed.subarray(28)), cipher.final()]);
}
