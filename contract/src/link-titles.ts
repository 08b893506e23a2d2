import type { Endpoint, Operation } from "./shape.ts";

const relWords: Readonly<Record<string, string>> = {
  create: "Create",
  destroy: "Delete",
  instances: "List",
  self: "Info",
  update: "Update",
};

const methodWords: Readonly<Record<string, string>> = {
  DELETE: "Delete",
  GET: "Info",
  PATCH: "Update",
  POST: "Create",
  PUT: "Update",
};

/** Names that say more than the method and the path do; with several operations, in order. */
const exceptions: Readonly<Record<string, readonly string[]>> = {
  "DELETE /apps/{app}/acm": ["Stop ACM"],
  "DELETE /apps/{app}/build-cache": ["Clear Cache"],
  "DELETE /apps/{app}/builds/{build}": ["Cancel"],
  "DELETE /apps/{app}/dynos": ["Restart App"],
  "DELETE /apps/{app}/dynos/{dyno}": ["Restart"],
  "DELETE /apps/{app}/formations/{formation_type}": ["Restart Type"],
  "GET /apps/{app}/pipeline-couplings": ["Info by App"],
  "GET /apps/{app}/review-app": ["Info by App"],
  "GET /spaces/{space}/inbound-ruleset": ["Current Rules"],
  "GET /teams/{team}/members/{team_member}/apps": ["List Apps"],
  "GET /users/~/pipeline-couplings": ["List Own"],
  "PATCH /apps/{app}/acm": ["Renew ACM"],
  "PATCH /apps/{app}/formation": ["Update Several"],
  "PATCH /teams/apps/{app}": ["Lock", "Give to Account", "Give to Team"],
  "POST /apps/{app}/acm": ["Start ACM"],
  "POST /apps/{app}/formations/{formation_type}/actions/stop": ["Stop Type"],
  "POST /apps/{app}/releases": ["Create", "Roll Back"],
  "PUT /teams/{team}/members": ["Save"],
};

export interface TitledLink {
  readonly endpoint: Endpoint;
  readonly operation: Operation;
  /** A name for the operation that no other operation of the resource has. */
  readonly title: string;
}

/**
 * Names the operations of one resource, in the order given. Client generators make a method of each name, so no two
 * may be equal. The shortest name that is free is taken: `List`, `List by Team`, `List by Team 2`.
 */
export function linkTitles(
  operations: readonly { readonly endpoint: Endpoint; readonly operation: Operation }[],
): readonly TitledLink[] {
  const taken = new Set<string>();
  return operations.map(({ endpoint, operation }) => {
    const title =
      candidates(endpoint, operation).find((name) => !taken.has(name)) ??
      numbered(taken, endpoint, operation);
    taken.add(title);
    return { endpoint, operation, title };
  });
}

function candidates(endpoint: Endpoint, operation: Operation): readonly string[] {
  const { method, path } = endpoint;
  const exception = exceptions[`${method} ${path}`]?.[endpoint.operations.indexOf(operation)];
  if (exception !== undefined) return [exception];
  const segments = path.split("/").slice(1);
  const fixed = segments.filter((segment) => /^[a-z]/.test(segment));
  const action = segments.includes("actions") ? fixed.at(-1) : undefined;
  const base = action === undefined ? baseWord(method, operation) : spoken(action);
  const owner = segments.find((segment) => segment.startsWith("{"))?.slice(1, -1);
  const last = fixed.at(-1) ?? "";
  return [
    base,
    ...(owner === undefined ? [] : [`${base} by ${spoken(owner)}`]),
    `${base} ${spoken(last)}`,
    ...(owner === undefined ? [] : [`${base} ${spoken(last)} by ${spoken(owner)}`]),
  ];
}

function baseWord(method: string, { rel }: Operation): string {
  if (method === "DELETE") return "Delete";
  return relWords[rel] ?? methodWords[method] ?? method;
}

function numbered(taken: ReadonlySet<string>, endpoint: Endpoint, operation: Operation): string {
  const [base = ""] = candidates(endpoint, operation);
  for (let number = 2; ; number += 1) if (!taken.has(`${base} ${number}`)) return `${base} ${number}`;
}

/** `log_drain` is `Log Drain`. */
function spoken(name: string): string {
  return name
    .split(/[-_]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(" ");
}
