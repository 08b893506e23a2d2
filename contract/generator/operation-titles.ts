import type { Endpoint, Operation } from "../src/shape.ts";
import { titleExceptions } from "./title-exceptions.ts";

const massNouns = /(preferences|settings|processes|history|usage|info|metadata|topology|delinquency)$/;

const words: Readonly<Record<string, string>> = {
  acm: "ACM",
  oauth: "OAuth",
  oci: "OCI",
  sms: "SMS",
  sni: "SNI",
  sso: "SSO",
  vpn: "VPN",
};

/** A few words for each thing that an endpoint does, made from its method, its resource and the path. */
export function operationTitles(endpoint: Endpoint): readonly string[] {
  const exceptions = titleExceptions[`${endpoint.method} ${endpoint.path}`];
  return endpoint.operations.map((operation, index) => exceptions?.[index] ?? ruleTitle(endpoint, operation));
}

function ruleTitle({ method, path }: Endpoint, operation: Operation): string {
  const segments = path.split("/").slice(1);
  const owner = ownerOf(segments);
  const verb = verbOf(method, operation, segments);
  const subject = subjectOf(operation, owner);
  return `${verb} ${subject}${owner === null ? "" : ` of ${article(owner)}${owner}`}`;
}

function verbOf(method: string, operation: Operation, segments: readonly string[]): string {
  const actions = segments.indexOf("actions");
  const action = actions === -1 ? undefined : segments[actions + 1];
  if (action !== undefined) return action.charAt(0).toUpperCase() + action.slice(1).replaceAll("-", " ");
  if (method === "GET") return operation.list ? "List" : "Show";
  if (method === "DELETE") return "Delete";
  return method === "POST" ? "Create" : "Change";
}

/** The resource, without the name of its owner before it: of a team, a team feature is a feature. */
function subjectOf({ resource, list }: Operation, owner: string | null): string {
  const full = spoken(resource);
  const name = owner !== null && full.startsWith(`${owner} `) ? full.slice(owner.length + 1) : full;
  if (massNouns.test(resource)) return `the ${name}`;
  return list ? plural(name) : article(name) + name;
}

/** The second segment names the owner when it is a parameter and the path goes on. */
function ownerOf([, second, third]: readonly string[]): string | null {
  if (second === undefined || !second.startsWith("{") || third === undefined) return null;
  return spoken(second.slice(1, -1).replaceAll("_", "-"));
}

function spoken(resource: string): string {
  return resource
    .replace(/^add-on/, "add_on")
    .replace(/-add-on/, " add_on")
    .split("-")
    .map((word) => words[word] ?? word)
    .join(" ")
    .replace("add_on", "add-on");
}

function plural(name: string): string {
  if (/s$/.test(name) && !/ss$/.test(name)) return name;
  if (/ss$/.test(name)) return `${name}es`;
  return /[^aeiou]y$/.test(name) ? name.replace(/y$/, "ies") : `${name}s`;
}

function article(name: string): string {
  return /^([aeio]|SMS|SNI|SSO|ACM|OCI|OAuth)/.test(name) ? "an " : "a ";
}
