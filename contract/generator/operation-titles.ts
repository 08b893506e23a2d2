import type { Endpoint, Operation } from "../src/shape.ts";

const irregular: Readonly<Record<string, string>> = {
  capability: "capabilities",
  "add-on-region-capability": "add-on region capabilities",
  "user-preferences": "user preferences",
  "team-preferences": "team preferences",
  "account-delinquency": "delinquency of the account",
};

const massNouns =
  /(preferences|settings|processes|history|usage|info|metadata|nat|topology|delinquency|credentials)$/;

/** A sentence of a few words for what an operation does, made from its method, its resource and the path. */
export function operationTitle(endpoint: Endpoint, operation: Operation): string {
  const segments = endpoint.path.split("/").slice(1);
  const verb = verbOf(endpoint.method, operation, segments);
  const subject = subjectOf(operation, verb);
  const owner = ownerOf(segments);
  return `${verb} ${subject}${owner === null ? "" : ` ${owner}`}`;
}

function verbOf(method: string, operation: Operation, segments: readonly string[]): string {
  const actions = segments.indexOf("actions");
  const action = actions === -1 ? undefined : segments[actions + 1];
  if (action !== undefined) return capital(action.replaceAll("-", " "));
  if (operation.list && method === "GET") return "List";
  if (method === "GET") return "Show";
  if (method === "DELETE") return operation.rel === "empty" ? "Restart or remove" : "Delete";
  if (method === "POST") return "Create";
  return "Update";
}

function subjectOf({ resource, list }: Operation, verb: string): string {
  const words = resource.replaceAll("-", " ").replace(/\badd on\b/, "add-on");
  if (list) return irregular[resource] ?? plural(words);
  if (massNouns.test(resource)) return words;
  const article =
    verb === "Create" || verb === "Show" || verb === "Update" || verb === "Delete" ? article_(words) : "the ";
  return `${article}${words}`;
}

function ownerOf(segments: readonly string[]): string | null {
  const [, second, third] = segments;
  if (second === undefined || !second.startsWith("{") || third === undefined) return null;
  const name = second.slice(1, -1).replaceAll("_", " ");
  return `of ${article_(name)}${name}`;
}

function plural(words: string): string {
  if (/s$/.test(words)) return words;
  return /[^aeiou]y$/.test(words) ? words.replace(/y$/, "ies") : `${words}s`;
}

function article_(words: string): string {
  return /^[aeiou]/.test(words) && !/^user/.test(words) ? "an " : "a ";
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
