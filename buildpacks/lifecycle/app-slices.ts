import type { Found } from "./tree-entries.ts";

/**
 * Divides the application folder into layers: one for each slice that matches something, and one for the rest
 * (Buildpack API 0.12, "Slice Layers"). A file goes to the first slice that matches it or a folder above it; folders
 * on the way to a file are in every layer that needs them.
 */
export function divideApp(
  app: string,
  found: readonly Found[],
  slices: readonly (readonly string[])[],
): Found[][] {
  const matchers = slices.map((paths) => paths.map((path) => globPattern(relativeTo(app, path))));
  const parts: Found[][] = slices.map(() => []);
  const rest: Found[] = [];
  for (const one of found) {
    const names = one.path.slice(app.length + 1).split("/");
    const above = names.map((_, i) => names.slice(0, i + 1).join("/"));
    const slice = matchers.findIndex((patterns) => patterns.some((p) => above.some((path) => p.test(path))));
    (parts[slice] ?? rest).push(one);
  }
  const folders = new Map(
    found.filter(({ stats }) => stats.isDirectory()).map((folder) => [folder.path, folder]),
  );
  return [...parts.filter((part) => part.length > 0).map((part) => withFolders(part, app, folders)), rest];
}

function withFolders(part: readonly Found[], app: string, folders: ReadonlyMap<string, Found>): Found[] {
  const all = new Map<string, Found>();
  for (const one of part) {
    const names = one.path.slice(app.length).split("/");
    for (let i = 1; i < names.length; i++) {
      const folder = folders.get(app + names.slice(0, i).join("/"));
      if (folder) all.set(folder.path, folder);
    }
    all.set(one.path, one);
  }
  return [...all.values()];
}

function relativeTo(app: string, path: string): string {
  const relative = path.startsWith(`${app}/`) ? path.slice(app.length + 1) : path;
  const names = relative.split("/").filter((name) => name !== "" && name !== ".");
  if (path.startsWith("/") && relative === path)
    throw new Error(`the slice "${path}" is outside the application folder`);
  if (names.includes("..")) throw new Error(`the slice "${path}" leaves the application folder`);
  return names.join("/");
}

/** The pattern of Go's `filepath.Match`: `*` and `?` do not cross a `/`, `[…]` is a class, `\` takes a meaning away. */
export function globPattern(glob: string): RegExp {
  const pattern = glob.replace(/\\(.)|\[(\^?)([^\]]+)\]|([*?])|([.+^${}()|[\]\\])/g, (...parts) => {
    const [, escaped, negation, characters, wildcard, special] = parts as (string | undefined)[];
    if (escaped !== undefined) return `\\${escaped}`;
    if (characters !== undefined) return `[${negation ? "^/" : ""}${characters.replaceAll("\\", "\\\\")}]`;
    if (wildcard !== undefined) return wildcard === "*" ? "[^/]*" : "[^/]";
    return `\\${special}`;
  });
  return new RegExp(`^${pattern}$`);
}
