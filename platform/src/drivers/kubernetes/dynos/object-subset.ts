/**
 * Whether `actual` holds everything that `wanted` says: each field, and each list item by item. What the API server
 * adds (defaults, status, bookkeeping) does not count; a list with other items does.
 */
export function holdsAll(actual: unknown, wanted: unknown): boolean {
  if (wanted === undefined) return true;
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(actual) &&
      actual.length === wanted.length &&
      wanted.every((item, i) => holdsAll(actual[i], item))
    );
  }
  if (typeof wanted !== "object" || wanted === null) return actual === wanted;
  if (typeof actual !== "object" || actual === null) return false;
  const has = actual as Readonly<Record<string, unknown>>;
  return Object.entries(wanted).every(([field, value]) => holdsAll(has[field], value));
}
