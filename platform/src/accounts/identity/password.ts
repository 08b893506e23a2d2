import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

/** Argon2id with the second recommended choice of RFC 9106 §4, scaled to what small machines bear: 19 MiB, 2 passes. */
const COST = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 } as const;

const derive = promisify<"argon2id", Argon2Parameters, Buffer>(argon2 as never);

/** A password's hash with all that is needed to check it, in the PHC string form. */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(16);
  const tag = await derive("argon2id", { ...COST, message: Buffer.from(password), nonce });
  const text = (bytes: Buffer) => bytes.toString("base64").replaceAll("=", "");
  return `$argon2id$v=19$m=${COST.memory},t=${COST.passes},p=${COST.parallelism}$${text(nonce)}$${text(tag)}`;
}

/** Takes as long for an unknown account (`stored` undefined) as for a known one. */
export async function passwordMatches(password: string, stored: string | undefined): Promise<boolean> {
  const fields = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(stored ?? NOBODYS);
  if (!fields) return false;
  const [, memory, passes, parallelism, nonce = "", tag = ""] = fields;
  const expected = Buffer.from(tag, "base64");
  const given = await derive("argon2id", {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    tagLength: expected.length,
    message: Buffer.from(password),
    nonce: Buffer.from(nonce, "base64"),
  });
  return timingSafeEqual(given, expected) && stored !== undefined;
}

const NOBODYS = `$argon2id$v=19$m=${COST.memory},t=${COST.passes},p=${COST.parallelism}$${"A".repeat(22)}$${"A".repeat(43)}`;
