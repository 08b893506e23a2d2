import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import { type Clock, type Db, type MasterKey, type NewId, seal, unseal } from "../../kernel/index.ts";
import { findSealedKey, insertKey, listPublicKeys } from "./installation-key-store.ts";

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
  const { db, clock, masterKey } = deps;
  for (;;) {
    const kept = await findSealedKey(db);
    if (kept) {
      const der = unseal(kept.sealed, contextOf(kept.id), masterKey);
      return { id: kept.id, privateKey: createPrivateKey({ key: der, format: "der", type: "pkcs8" }) };
    }
    const made = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
    const id = keyIdOf(made.publicKey);
    const der = made.privateKey.export({ format: "der", type: "pkcs8" });
    const publicKey = made.publicKey.export({ format: "pem", type: "spki" }).toString();
    await insertKey(db, { id, publicKey, sealed: seal(der, contextOf(id), masterKey), now: clock() });
  }
}

/** All keys that this installation has signed with, by id. */
export async function readPublicKeys(db: Db): Promise<ReadonlyMap<string, KeyObject>> {
  const rows = await listPublicKeys(db);
  return new Map(rows.map(({ id, publicKey }) => [id, createPublicKey(publicKey)]));
}

export function keyIdOf(publicKey: KeyObject): string {
  return createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("hex");
}

const contextOf = (id: string) => `signing-key:${id}`;
