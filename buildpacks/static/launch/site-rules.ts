import { type PathMatcher, pathMatcher } from "./path-pattern.ts";
import { headerProblem, isTarget, type Route, type SiteConfig } from "./site-config.ts";

/** What is to be done for a path instead of sending the file it names. */
export type Routed =
  | { readonly kind: "redirect"; readonly location: string; readonly status: number }
  | { readonly kind: "file"; readonly file: string; readonly status: number };

export interface SiteRules {
  /** Headers of every answer for a path, by lower-case names; later rules win. */
  headers(path: string): Readonly<Record<string, string>>;
  /** The first route for a path; where a file is there only one that is forced. */
  route(path: string, query: string, hasFile: boolean): Routed | undefined;
}

/** The rules of a configuration, for decoded paths. What could not be sent is left out, whoever wrote it. */
export function siteRules({ headers, routes }: Pick<SiteConfig, "headers" | "routes">): SiteRules {
  const headerRules = headers.map(({ pattern, set }) => ({
    matches: pathMatcher(pattern),
    set: set.filter(([name, value]) => headerProblem(name, value) === undefined),
  }));
  const all = routes
    .filter((route) => route.kind === "file" || isTarget(route.to))
    .map((route) => ({ route, matches: pathMatcher(route.pattern) }));
  return {
    headers(path) {
      const found: Record<string, string> = {};
      for (const { matches, set } of headerRules) {
        if (matches(path) === undefined) continue;
        for (const [name, value] of set) found[name.toLowerCase()] = value;
      }
      return found;
    },
    route(path, query, hasFile) {
      for (const { route, matches } of all) {
        const captured = hasFile && !route.force ? undefined : captureFor(route, matches, path);
        if (captured === undefined) continue;
        if (route.kind === "file") return { kind: "file", file: route.file, status: route.status };
        return { kind: "redirect", location: locationOf(route.to, captured, query), status: route.status };
      }
      return undefined;
    },
  };
}

function captureFor({ except }: Route, matches: PathMatcher, path: string): ReturnType<PathMatcher> {
  if (except !== undefined && path.startsWith(except)) return undefined;
  return matches(path);
}

/**
 * Where a redirect leads: names in its target are filled in, as text of a path. A target on the site stays on it: two
 * slashes at its start would name another host.
 */
function locationOf(to: string, captured: Readonly<Record<string, string>>, query: string): string {
  const host = /^https?:\/\/[^/?#]*/.exec(to)?.[0] ?? "";
  const filled = to.slice(host.length).replace(/:([A-Za-z_]\w*)/g, (whole, name: string) => {
    const text = Object.hasOwn(captured, name) ? captured[name] : undefined;
    return text === undefined ? whole : encodePath(text);
  });
  const path = host === "" ? `/${filled.replace(/^[/\\]+/, "")}` : filled;
  return host + path + (path.includes("?") || path.includes("#") ? "" : query);
}

function encodePath(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll("%2F", "/");
}
