const VERSION = new RegExp(
  "^v?(?:(?<epoch>\\d+)!)?(?<release>\\d+(?:\\.\\d+)*)" +
    "(?:[-_.]?(?<preWord>alpha|beta|preview|pre|rc|a|b|c)[-_.]?(?<pre>\\d*))?" +
    "(?:-(?<bare>\\d+)|[-_.]?(?<postWord>post|rev|r)[-_.]?(?<post>\\d*))?" +
    "(?:[-_.]?(?<devWord>dev)[-_.]?(?<dev>\\d*))?(?:\\+(?<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?$",
);

const PRE: Readonly<Record<string, number>> = {
  a: 0,
  alpha: 0,
  b: 1,
  beta: 1,
  c: 2,
  rc: 2,
  pre: 2,
  preview: 2,
};
const [LOWEST, HIGHEST] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];

/** Python's order (PEP 440, "Summary of permitted suffixes and relative ordering"; also of local versions). */
export function comparePython(a: string, b: string): number | undefined {
  const [left, right] = [keyOf(a), keyOf(b)];
  if (!left || !right) return undefined;
  return (
    compareLists(left.release, right.release, 0) ||
    compareLists(left.suffix, right.suffix, 0) ||
    compareLists(left.local, right.local, LOWEST)
  );
}

function keyOf(text: string) {
  if (text.length > 256) return undefined;
  const found = VERSION.exec(text.trim().toLowerCase())?.groups;
  if (!found) return undefined;
  const { epoch = "0", release = "", preWord, pre, bare, postWord, post, devWord, dev, local } = found;
  const isPost = postWord !== undefined || bare !== undefined;
  // A development release comes before the pre-releases of its version, and those before the release.
  const bareDev = devWord !== undefined && preWord === undefined && !isPost;
  const before = preWord === undefined ? [bareDev ? LOWEST : HIGHEST, 0] : [PRE[preWord] ?? 0, Number(pre)];
  const suffix = [
    ...before,
    isPost ? Number(bare ?? post ?? 0) : LOWEST,
    devWord === undefined ? HIGHEST : Number(dev ?? 0),
  ];
  return {
    release: [Number(epoch), ...release.split(".").map(Number)],
    suffix,
    local: (local?.split(/[-_.]/) ?? []).map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
  };
}

/** Part by part; what is missing counts as `missing`, and a number is newer than a word. */
function compareLists(
  a: readonly (number | string)[],
  b: readonly (number | string)[],
  missing: number,
): number {
  for (let i = 0; i < Math.max(a.length, b.length); i += 1) {
    const [x, y] = [a[i] ?? missing, b[i] ?? missing];
    if (x === y) continue;
    if (typeof x === typeof y) return x < y ? -1 : 1;
    if (x === LOWEST || y === LOWEST) return x === LOWEST ? -1 : 1;
    return typeof x === "string" ? -1 : 1;
  }
  return 0;
}
