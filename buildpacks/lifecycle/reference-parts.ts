/** A reference to an image, with what is customary where it says nothing. */
export interface ImageReference {
  readonly registry: string;
  readonly repository: readonly string[];
  readonly tag: string;
  /** `<algorithm>:<digits>`; then the tag means nothing. */
  readonly digest: string | undefined;
}

/** Throws when it is no reference, or one whose parts could not be names of folders. */
export function parseReference(reference: string): ImageReference {
  const [name = "", digest, ...more] = reference.split("@");
  const parts = name.split("/");
  const hasRegistry = parts.length > 1 && /[.:]|^localhost$/.test(parts[0] ?? "");
  const named = hasRegistry ? (parts.shift() as string) : "docker.io";
  const registry = named === "docker.io" ? "index.docker.io" : named;
  if (registry === "index.docker.io" && parts.length === 1) parts.unshift("library");
  const [repository = "", tag = "latest", ...others] = parts.join("/").split(":");
  const names = [registry, ...repository.split("/"), ...(digest === undefined ? [tag] : digest.split(":"))];
  const odd = (part: string) => part === "" || part === "." || part === ".." || /[/\s\\]/.test(part);
  if (more.length > 0 || others.length > 0 || names.some(odd) || odd(tag))
    throw new Error(`"${reference}" is not an image reference`);
  return { registry, repository: repository.split("/"), tag, digest };
}

/** Names that an image is written to: tags, all of one registry (Platform API 0.15, exporter inputs). Throws otherwise. */
export function requireTags(names: readonly string[]): void {
  const [first, ...others] = names.map((name) => {
    const parsed = parseReference(name);
    if (parsed.digest !== undefined)
      throw new Error(`"${name}" names an image by its digest; an image is written to a tag`);
    return parsed.registry;
  });
  const other = others.find((registry) => registry !== first);
  if (other !== undefined)
    throw new Error(`an image is written to one registry, not to both ${first} and ${other}`);
}
