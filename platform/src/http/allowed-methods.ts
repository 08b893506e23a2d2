import type { RouteDescription } from "@conifer/contract";

/** Says which methods a path knows; empty for a path that no route has. */
export type AllowedMethods = (path: string) => readonly string[];

/** Made from the route table; HEAD goes wherever GET does. */
export function makeAllowedMethods(
  routes: readonly Pick<RouteDescription, "method" | "path">[],
): AllowedMethods {
  const byPath = new Map<string, { pattern: RegExp; methods: string[] }>();
  for (const { method, path } of routes) {
    const known = byPath.get(path) ?? { pattern: patternOf(path), methods: [] };
    known.methods.push(method, ...(method === "GET" ? ["HEAD"] : []));
    byPath.set(path, known);
  }
  return (path) => {
    const found = [...byPath.values()].filter(({ pattern }) => pattern.test(path));
    return [...new Set(found.flatMap(({ methods }) => methods))].sort();
  };
}

function patternOf(path: string): RegExp {
  const parts = path.split("/").map((part) => part.replaceAll(/\{[^}]+\}|[.*+?^$()|[\]\\]/g, quote));
  return new RegExp(`^${parts.join("/")}/?$`);
}

function quote(special: string): string {
  return special.startsWith("{") ? "[^/]+" : `\\${special}`;
}
