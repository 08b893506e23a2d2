import { createPrivateKey, X509Certificate } from "node:crypto";
import { errorText } from "../../kernel/index.ts";
import type { IssuedChain } from "./asked-certificate.ts";
import { IssueError } from "./certificate-ports.ts";

const ONE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
const MOST = 10;

/**
 * What an authority sent, when it is what was asked for: a certificate of this key and host that is good now, and then those
 * that each signed the one before. Whatever else stands in the text is left out. (RFC 8555 §9.1)
 * @throws IssueError otherwise
 */
export function checkChain(
  text: string,
  asked: { readonly host: string; readonly key: string; readonly authority: string; readonly now: number },
): IssuedChain {
  const { host, key, authority, now } = asked;
  const refuse = (why: string, cause?: unknown) =>
    new IssueError("name", `the authority sent a certificate that is of no use: ${why}`, { cause });
  const texts = text.match(ONE) ?? [];
  if (texts.length > MOST) throw refuse(`there are ${texts.length} in its chain`);
  let chain: X509Certificate[];
  try {
    chain = texts.map((one) => new X509Certificate(one));
  } catch (cause) {
    throw refuse(errorText(cause), cause);
  }
  const [leaf] = chain;
  if (!leaf) throw refuse("it is not PEM");
  if (!leaf.checkPrivateKey(createPrivateKey(key))) throw refuse("it is of another key");
  if (leaf.checkHost(host, { subject: "never" }) === undefined) throw refuse(`it does not name ${host}`);
  for (const [at, above] of chain.slice(1).entries()) {
    const below = chain[at];
    if (!below?.checkIssued(above) || !below.verify(above.publicKey))
      throw refuse("one in its chain did not sign the one before");
  }
  const [from, to] = [leaf.validFromDate.getTime(), leaf.validToDate.getTime()];
  if (from > now || to <= now)
    throw refuse(
      `it is good from ${leaf.validFromDate.toISOString()} to ${leaf.validToDate.toISOString()}. Is this machine's clock right?`,
    );
  return { authority, chain: texts.map((one) => `${one}\n`).join(""), key, from, to };
}
