import type { RouteDescription } from "../src/route-description.ts";

/** The page of the reference that tells which endpoints this version serves. Throws on a key that no route has. */
export function coveragePage(routes: readonly RouteDescription[], served: readonly string[]): string {
  const known = new Set(served);
  for (const { key } of routes) known.delete(key as string);
  if (known.size > 0) throw new Error(`served, but not described: ${[...known].join(", ")}`);
  const isServed = new Set(served);
  const groups = new Map<string, RouteDescription[]>();
  for (const route of routes) groups.set(route.resource, [...(groups.get(route.resource) ?? []), route]);
  const sections = [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map((group) => section(group, isServed));
  return `<!-- @generated made by contract/generate.ts from the route table and contract/served-routes.json -->

# Coverage of the API

${isServed.size} of ${routes.length} endpoints are served. The others answer 501 with the error id
\`not_implemented\`. An endpoint marked *3* is known in the base version only, one marked *3.sdk* in that variant
only; one marked *added* is used by clients although no published schema lists it.

${sections.join("\n")}`;
}

function section(
  [resource, routes]: readonly [string, readonly RouteDescription[]],
  served: ReadonlySet<string>,
): string {
  const count = routes.filter(({ key }) => served.has(key)).length;
  const rows = routes.map(
    (route) =>
      `| ${served.has(route.key) ? "yes" : "no"} | \`${route.key}\` | ${titlesOf(route)} | ${marks(route)} |`,
  );
  return `## ${resource} (${count} of ${routes.length})

| Served | Endpoint | What it does | |
| --- | --- | --- | --- |
${rows.join("\n")}
`;
}

function titlesOf({ operations }: RouteDescription): string {
  return [...new Set(operations.map(({ title }) => title))].join("; ");
}

function marks({ variants, origin }: RouteDescription): string {
  const [only] = variants;
  const variant = variants.length === 1 ? (only === "base" ? ["*3*"] : ["*3.sdk*"]) : [];
  return [...variant, ...(origin === "supplement" ? ["*added*"] : [])].join(", ");
}
