import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
} from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ImageError } from "../images/image-error.ts";

/** What images are signed with. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** The beginning of the public key's digest. */
  readonly id: string;
}

const HOW = "Make one with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out <file>`.";

/**
 * The operator's key, or one that is made once in the cache, for its owner's eyes only.
 * @param file of the operator's private key, in PEM
 * @throws ImageError `usage` when the file is no such key
 */
export async function openSigningKey(cache: string, file: string | undefined): Promise<SigningKey> {
  if (file !== undefined && file !== "") return parseSigningKey(file, await readKey(file));
  const own = join(cache, "signing-key.pem");
  await mkdir(cache, { recursive: true });
  const text = await readFile(own, "utf8").catch(() => undefined);
  return parseSigningKey(own, text ?? (await makeKey(own)));
}

/** Two that come at once end up with the same key. */
async function makeKey(file: string): Promise<string> {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const aside = `${file}.${randomUUID()}`;
  try {
    await writeFile(aside, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    await link(aside, file).catch((thrown: NodeJS.ErrnoException) => {
      if (thrown.code !== "EEXIST") throw thrown;
    });
  } finally {
    await rm(aside, { force: true });
  }
  return await readFile(file, "utf8");
}

async function readKey(file: string): Promise<string> {
  return await readFile(file, "utf8").catch((cause: Error) => {
    throw new ImageError("usage", `The key ${file} cannot be read: ${cause.message}.`, { cause });
  });
}

/** The parser's own words may quote the key, so they are not passed on. */
function parseSigningKey(file: string, text: string): SigningKey {
  const parsed = attempt(() => createPrivateKey(text));
  if (!parsed || !isP256(parsed))
    throw new ImageError(
      "usage",
      `${file} holds no private key of the curve P-256 in PEM, unencrypted. ${HOW}`,
    );
  const publicKey = createPublicKey(parsed);
  return { privateKey: parsed, publicKey, id: keyId(publicKey) };
}

/**
 * Reads a public key for checking signatures.
 * @throws ImageError `usage` when the file is no such key
 */
export async function readPublicKey(file: string): Promise<KeyObject> {
  const text = await readKey(file);
  const key = attempt(() => createPublicKey(text));
  if (!key || !isP256(key))
    throw new ImageError("usage", `${file} holds no public key of the curve P-256 in PEM.`);
  return key;
}

function isP256(key: KeyObject): boolean {
  return key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "prime256v1";
}

function keyId(publicKey: KeyObject): string {
  const der = publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(der).digest("hex").slice(0, 12);
}

/** Writes the public half where others can be given it, and returns its path. */
export async function publishKey(cache: string, { publicKey, id }: SigningKey): Promise<string> {
  const file = join(cache, `signing-key-${id}.pub`);
  await writeFile(file, publicKey.export({ type: "spki", format: "pem" }));
  return file;
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
