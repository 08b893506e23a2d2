import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from "node:crypto";

/** The key of an account with an authority: P-256, for ES256. */
export interface AccountKey {
  readonly jwk: Readonly<Record<"crv" | "kty" | "x" | "y", string>>;
  /** PKCS #8, PEM. */
  readonly pem: string;
  /** What a challenge's token is answered with. (RFC 8555 §8.1) */
  authorize(token: string): string;
  /** Shows that whoever has the key of an account elsewhere wants this one bound to it. (RFC 8555 §7.3.4) */
  bind(elsewhere: { readonly id: string; readonly key: Buffer }, url: string): object;
  /** A request as the authority takes it: flattened JWS (RFC 7515 §7.2.2). */
  sign(header: Readonly<Record<string, unknown>>, payload: string): string;
}

export function newAccountKey(): AccountKey {
  return wrap(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
}

/** Throws when the text is no private key of P-256. */
export function readAccountKey(pem: string): AccountKey {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyDetails?.namedCurve !== "prime256v1")
    throw new Error("the account's key is none of P-256");
  return wrap(key);
}

function wrap(key: KeyObject): AccountKey {
  const {
    crv = "",
    kty = "",
    x = "",
    y = "",
  } = createPublicKey(key).export({ format: "jwk" }) as Record<string, string>;
  // In this order, without spaces: the thumbprint is of these bytes. (RFC 7638 §3)
  const jwk = { crv, kty, x, y };
  const thumbprint = createHash("sha256").update(JSON.stringify(jwk)).digest("base64url");
  return {
    jwk,
    pem: key.export({ type: "pkcs8", format: "pem" }) as string,
    authorize: (token) => `${token}.${thumbprint}`,
    bind: ({ id, key: secret }, url) => {
      const protectedHeader = base64url(JSON.stringify({ alg: "HS256", kid: id, url }));
      const payload = base64url(JSON.stringify(jwk));
      const signature = createHmac("sha256", secret)
        .update(`${protectedHeader}.${payload}`)
        .digest("base64url");
      return { protected: protectedHeader, payload, signature };
    },
    sign: (header, payload) => {
      const protectedHeader = base64url(JSON.stringify({ alg: "ES256", ...header }));
      const body = base64url(payload);
      const signature = sign("sha256", Buffer.from(`${protectedHeader}.${body}`), {
        key,
        dsaEncoding: "ieee-p1363",
      });
      return JSON.stringify({
        protected: protectedHeader,
        payload: body,
        signature: signature.toString("base64url"),
      });
    },
  };
}

const base64url = (text: string) => Buffer.from(text).toString("base64url");
