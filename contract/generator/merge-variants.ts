import type { PerVariant } from "../src/description.ts";

/** Puts two records side by side, in the order of their keys; equal entries are held once. */
export function mergeVariants<T>(
  base: Readonly<Record<string, T>>,
  sdk: Readonly<Record<string, T>>,
): Record<string, PerVariant<T>> {
  const merged: Record<string, PerVariant<T>> = {};
  for (const name of Object.keys({ ...base, ...sdk })) {
    const inBase = base[name];
    const inSdk = sdk[name];
    if (inBase !== undefined && JSON.stringify(inBase) === JSON.stringify(inSdk))
      merged[name] = { both: inBase };
    else
      merged[name] = {
        ...(inBase === undefined ? {} : { base: inBase }),
        ...(inSdk === undefined ? {} : { sdk: inSdk }),
      };
  }
  return sortKeys(merged);
}

/** The same entries in the order of their keys, whatever the locale. */
export function sortKeys<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
