import type { Readable } from "node:stream";
import { cleanTar } from "./clean-tar.ts";
import type { SourceStore } from "./source-ports.ts";
import type { EntryRules } from "./tar-entry.ts";
import { DEFAULT_TAR_LIMITS, type TarLimits } from "./tar-limits.ts";

export interface StoreSourceOptions {
  readonly sources: SourceStore;
  readonly limits?: Partial<TarLimits> | undefined;
  readonly links: EntryRules["links"];
  readonly strip?: string | undefined;
}

export interface StoredSource {
  /** `sha256:<hex>` of the plain tar in its one form. */
  readonly digest: string;
  readonly sizeBytes: number;
  /** What the user should know before the build; each may have several lines. */
  readonly warnings: readonly string[];
}

/** Checks a plain tar and stores it. Throws invalid_params, and keeps nothing, when the rules refuse it or it is empty. */
export async function storeSource(tar: Readable, options: StoreSourceOptions): Promise<StoredSource> {
  const rules = {
    limits: { ...DEFAULT_TAR_LIMITS, ...options.limits },
    links: options.links,
    ...(options.strip === undefined ? {} : { strip: options.strip }),
  };
  const clean = cleanTar(tar, rules);
  const [stored, report] = await Promise.all([options.sources.write(clean.tar), clean.report]);
  return { ...stored, warnings: report.lfsPointers.length > 0 ? [lfsWarning(report.lfsPointers)] : [] };
}

function lfsWarning(paths: readonly string[]): string {
  return `${paths.length === 1 ? "A file is a Git LFS pointer" : `${paths.length} files are Git LFS pointers`}; the content is not in the repository and will not be in the app:
${listed(paths)}
Store the content in git itself, or fetch it in the build.`;
}

/** At most five, and how many more there are. */
export function listed(items: readonly string[]): string {
  const shown = items.slice(0, 5).map((item) => `  ${item}`);
  return [...shown, ...(items.length > 5 ? [`  and ${items.length - 5} more`] : [])].join("\n");
}
