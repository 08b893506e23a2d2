import { createHmac, timingSafeEqual } from "node:crypto";
import { isId } from "../../kernel/index.ts";

const PREFIX = "rz-";
/** `rz-`, a dyno's id, a dot, and the proof. */
const SECRET = /^rz-([0-9a-f-]{36})\.([\w-]{43})$/;
const SECRET_LENGTH = PREFIX.length + 36 + 1 + 43;
/** Whatever follows the secret on its line. */
const LONGEST_LINE = 512;

/** `rendezvous://localhost:6400/rz-<id>.<proof>`: whoever has the address may attach, once, while the dyno waits. */
export function makeAttachUrl(key: Buffer) {
  return (origin: string, dynoId: string): string =>
    `rendezvous://${authority(origin)}/${PREFIX}${dynoId}.${proof(dynoId, key)}`;
}

/** Clients need a port in the address, also where the origin leaves it out. */
function authority(origin: string): string {
  const url = new URL(origin);
  return `${url.hostname}:${url.port || (url.protocol === "https:" ? 443 : 80)}`;
}

function proof(dynoId: string, key: Buffer): string {
  return createHmac("sha256", key).update(`attach ${dynoId}`).digest("base64url");
}

/** The dyno an attach secret stands for; undefined for anything that is not exactly one we made. */
export function dynoIdOf(secret: string, key: Buffer): string | undefined {
  const [, dynoId = "", given = ""] = SECRET.exec(secret) ?? [];
  if (!isId(dynoId)) return undefined;
  return timingSafeEqual(Buffer.from(given), Buffer.from(proof(dynoId, key))) ? dynoId : undefined;
}

/**
 * What has come of a client's first line:
 * - `more`: nothing can be said yet.
 * - `maybe`: the secret is there; its line end may still come, or the client is one that sends none.
 * - `secret`: it is there, and what follows it is meant for the dyno.
 */
export type FirstLine =
  | { readonly kind: "more" | "refused" }
  | { readonly kind: "maybe"; readonly secret: string }
  | { readonly kind: "secret"; readonly secret: string; readonly rest: Buffer };

/** Reads the secret that a client begins with: CRLF, LF or nothing behind it, a query in between. (facts: platform API §5) */
export function readFirstLine(seen: Buffer): FirstLine {
  const secret = seen.toString("latin1", 0, SECRET_LENGTH);
  if (secret.length < SECRET_LENGTH) return { kind: secret.includes("\n") ? "refused" : "more" };
  if (!SECRET.test(secret)) return { kind: "refused" };
  const behind = seen.subarray(SECRET_LENGTH);
  const followedBy = behind.toString("latin1", 0, 2);
  const from = (bytes: number): FirstLine => ({ kind: "secret", secret, rest: behind.subarray(bytes) });
  if (followedBy === "" || followedBy === "\r") return { kind: "maybe", secret };
  if (followedBy === "\r\n") return from(2);
  if (followedBy.startsWith("\n")) return from(1);
  if (!followedBy.startsWith("?")) return from(0);
  const end = behind.indexOf("\n");
  if (end >= 0) return from(end + 1);
  return { kind: behind.length > LONGEST_LINE ? "refused" : "more" };
}
