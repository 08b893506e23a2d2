import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

/** A versioned key that wraps data keys. `keys` holds every version still needed to open; `current` seals. */
export interface MasterKey {
  readonly current: number;
  readonly keys: ReadonlyMap<number, Buffer>;
}

/**
 * Envelope encryption (AES-256-GCM): a random data key for each value, wrapped by the master key.
 * `context` (a resource's id) is bound in as additional data, so that a sealed value cannot be moved to another row.
 * Form: version(1) · master key version(4) · wrapped key iv(12) tag(16) key(32) · iv(12) tag(16) text.
 */
export function seal(plain: string | Buffer, context: string, master: MasterKey): Buffer {
  const dataKey = randomBytes(32);
  const head = Buffer.alloc(5);
  head.writeUInt8(1, 0);
  head.writeUInt32BE(master.current, 1);
  const wrapped = encrypt(dataKey, keyOf(master, master.current), context);
  return Buffer.concat([head, wrapped, encrypt(Buffer.from(plain), dataKey, context)]);
}

/** The inverse of `seal`. Throws when the value was altered, moved to another context, or its key version is gone. */
export function unseal(sealed: Buffer, context: string, master: MasterKey): Buffer {
  if (sealed.length < 5 + 60 + 28 || sealed.readUInt8(0) !== 1) throw new Error("not a sealed value");
  const dataKey = decrypt(sealed.subarray(5, 65), keyOf(master, sealed.readUInt32BE(1)), context);
  return decrypt(sealed.subarray(65), dataKey, context);
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
