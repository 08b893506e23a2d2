import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import {
  type Clock,
  conflict,
  type Db,
  type MasterKey,
  type NewId,
  notFound,
  type SealedColumn,
  seal,
  unseal,
} from "../../kernel/index.ts";
import {
  findSealedKey,
  holdKeys,
  insertKey,
  listPublicKeys,
  markRevoked,
  type PublicKey,
  retireKey,
} from "./installation-key-store.ts";

/** What this installation signs with: ECDSA on the curve P-256, as cosign makes keys. */
export interface InstallationKey {
  /** SHA-256 of the public key in DER, in hex: the same name wherever the key is seen. */
  readonly id: string;
  readonly privateKey: KeyObject;
}

export interface KeyDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly masterKey: MasterKey;
}

/**
 * The installation's key, made when it is first needed. Several processes that come at once end up with the same one. The
 * private half is on record sealed with the master key, as config vars are.
 */
export async function openInstallationKey(deps: KeyDependencies): Promise<InstallationKey> {
  const { db, masterKey } = deps;
  for (;;) {
    const kept = await findSealedKey(db);
    if (kept) {
      const der = unseal(kept.sealed, contextOf(kept.id), masterKey);
      return { id: kept.id, privateKey: createPrivateKey({ key: der, format: "der", type: "pkcs8" }) };
    }
    await insertKey(db, makeKey(deps));
  }
}

function makeKey({ clock, masterKey }: KeyDependencies) {
  const made = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const id = keyIdOf(made.publicKey);
  const der = made.privateKey.export({ format: "der", type: "pkcs8" });
  const publicKey = made.publicKey.export({ format: "pem", type: "spki" }).toString();
  return { id, publicKey, sealed: seal(der, contextOf(id), masterKey), now: clock() };
}

/** Has a new key sign from now on. What earlier ones have signed stays good. Gives all keys. */
export async function rotateKey(deps: KeyDependencies): Promise<readonly PublicKey[]> {
  return await deps.db.transaction().execute(async (trx) => {
    await holdKeys(trx);
    await retireKey(trx);
    await insertKey(trx, makeKey(deps));
    return await listPublicKeys(trx);
  });
}

/**
 * Believes nothing more that a key has signed, as when somebody else may have it. Refused for the key that signs now. The same
 * again changes nothing. Gives all keys.
 * @param name the key's id, or a beginning of it that no other key has
 */
export async function revokeKey(name: string, deps: KeyDependencies): Promise<readonly PublicKey[]> {
  return await deps.db.transaction().execute(async (trx) => {
    await holdKeys(trx);
    const [key, ...others] = (await listPublicKeys(trx)).filter(({ id }) => id.startsWith(name));
    if (!key || others.length > 0 || name === "") throw notFound("signing key");
    if (key.current)
      throw conflict("That key signs now. Rotate first, so that another does, then revoke it.");
    await markRevoked(trx, key.id, deps.clock());
    return await listPublicKeys(trx);
  });
}

/** All keys that this installation has signed with and still believes, by id. */
export async function readPublicKeys(db: Db): Promise<ReadonlyMap<string, KeyObject>> {
  const rows = await listPublicKeys(db);
  const good = rows.filter(({ revokedAt }) => revokedAt === null);
  return new Map(good.map(({ id, publicKey }) => [id, createPublicKey(publicKey)]));
}

/** Whether what a key has signed is good. */
export async function isGoodKey(db: Db, keyId: string): Promise<boolean> {
  return (await listPublicKeys(db)).some(({ id, revokedAt }) => id === keyId && revokedAt === null);
}

export function keyIdOf(publicKey: KeyObject): string {
  return createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("hex");
}

const contextOf = (id: string) => `signing-key:${id}`;

export const signingKeySeals: SealedColumn = { table: "signing_keys", column: "sealed", id: "id", contextOf };
