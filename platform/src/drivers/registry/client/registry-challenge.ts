/** How a registry wants to be asked: one of the offers in its `WWW-Authenticate`. */
export type RegistryChallenge =
  | { readonly scheme: "basic" }
  | {
      readonly scheme: "bearer";
      /** Where tokens are given. */
      readonly realm: string;
      readonly service: string | undefined;
      /** What the token must be good for; several are apart by spaces. */
      readonly scope: string | undefined;
    };

/** A word, and what it is set to if it is a parameter (RFC 9110 §11.2). A word alone begins the next offer. */
const PART = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^\s,"]+)))?/g;

/** Reads all offers that we know how to take, in the registry's order. A bearer offer without a realm is none. */
export function parseChallenges(header: string | readonly string[] | undefined): RegistryChallenge[] {
  const offers: { scheme: string; readonly parameters: Map<string, string> }[] = [];
  for (const [, word = "", quoted, plain] of [header ?? []].flat().join(", ").matchAll(PART)) {
    const value = quoted?.replace(/\\(.)/g, "$1") ?? plain;
    if (value === undefined) offers.push({ scheme: word.toLowerCase(), parameters: new Map() });
    else offers.at(-1)?.parameters.set(word.toLowerCase(), value);
  }
  return offers.flatMap(({ scheme, parameters }): RegistryChallenge[] => {
    if (scheme === "basic") return [{ scheme }];
    const realm = parameters.get("realm");
    if (scheme !== "bearer" || realm === undefined) return [];
    return [{ scheme, realm, service: parameters.get("service"), scope: parameters.get("scope") }];
  });
}

/** Where to ask for a token, with all scopes it must be good for (distribution token specification). */
export function tokenUrl(
  challenge: Extract<RegistryChallenge, { scheme: "bearer" }>,
  scopes: readonly string[],
): URL {
  const url = new URL(challenge.realm);
  if (challenge.service !== undefined) url.searchParams.set("service", challenge.service);
  const offered = challenge.scope?.split(" ").filter((one) => one !== "") ?? [];
  for (const scope of new Set([...scopes, ...offered])) url.searchParams.append("scope", scope);
  return url;
}
