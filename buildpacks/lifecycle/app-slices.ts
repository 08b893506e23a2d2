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
    const above = ["", ...names.map((_, i) => names.slice(0, i + 1).join("/"))];
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

/** The glob without the application folder; empty for the folder itself. */
function relativeTo(app: string, path: string): string {
  if (path.startsWith("/") && path !== app && !path.startsWith(`${app}/`))
    throw new Error(`the slice "${path}" is outside the application folder`);
  const relative = path.startsWith("/") ? path.slice(app.length + 1) : path;
  const names = relative.split("/").filter((name) => name !== "" && name !== ".");
  if (names.includes("..")) throw new Error(`the slice "${path}" leaves the application folder`);
  return names.join("/");
}

/** One piece of a glob: a class of characters, a wildcard, a character behind `\\`, or a character. */
const PIECE = /\[(?:(\^)|(?!\^))((?:\\.|[^\]\\])+)\]|([*?])|\\(.)|(.)/gsu;

/**
 * The pattern of Go's `filepath.Match`: `*` and `?` do not cross a `/`, `[…]` is a class, `\` takes a meaning away.
 * Throws where Go finds a bad pattern.
 */
export function globPattern(glob: string): RegExp {
  const pattern = glob.replace(PIECE, (...parts) => {
    const [, negation, members, wildcard, escaped, plain] = parts as (string | undefined)[];
    if (members !== undefined) return `[${negation ? "^/" : ""}${classMembers(members)}]`;
    if (wildcard !== undefined) return wildcard === "*" ? "[^/]*" : "[^/]";
    if (escaped === undefined && (plain === "[" || plain === "\\"))
      throw new Error(`the slice "${glob}" is not a glob: "${plain}" has no end`);
    return literal(escaped ?? plain ?? "");
  });
  return new RegExp(`^${pattern}$`, "u");
}

/** Characters and ranges of a class. A range that ends before it begins matches nothing. */
function classMembers(members: string): string {
  const range = /(\\.|.)(?:-(\\.|.))?/gsu;
  const inClass = (character: string) => (character === "-" ? "\\-" : literal(character));
  return members.replace(range, (_, first: string, last = first) => {
    const [from, to] = [first, last as string].map((one) => one.replace(/^\\/, "")) as [string, string];
    const backwards = (from.codePointAt(0) ?? 0) > (to.codePointAt(0) ?? 0);
    return backwards ? "" : `${inClass(from)}-${inClass(to)}`;
  });
}

function literal(character: string): string {
  return /[\^$.*+?()[\]{}|\\/]/.test(character) ? `\\${character}` : character;
}
