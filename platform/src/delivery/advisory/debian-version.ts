/**
 * Debian's order (deb-version(7), "Sorting algorithm"): epoch, upstream version, revision; the latter two by turns of text,
 * where letters come before all else and `~` even before the end, and of numbers.
 */
export function compareDebian(a: string, b: string): number | undefined {
  const [left, right] = [parse(a), parse(b)];
  if (!left || !right) return undefined;
  return (
    left.epoch - right.epoch ||
    compareParts(left.upstream, right.upstream) ||
    compareParts(left.revision, right.revision)
  );
}

function parse(text: string) {
  const match = /^(?:(\d+):)?([0-9A-Za-z.+~:-]+)$/.exec(text.trim());
  if (!match) return undefined;
  const rest = match[2] ?? "";
  const cut = rest.lastIndexOf("-");
  return {
    epoch: Number(match[1] ?? 0),
    upstream: cut < 0 ? rest : rest.slice(0, cut),
    revision: cut < 0 ? "" : rest.slice(cut + 1),
  };
}

function compareParts(a: string, b: string): number {
  let [left, right] = [a, b];
  while (left !== "" || right !== "") {
    const [x = "", y = ""] = [/^\D*/.exec(left)?.[0], /^\D*/.exec(right)?.[0]];
    const words = compareWords(x, y);
    if (words !== 0) return words;
    [left, right] = [left.slice(x.length), right.slice(y.length)];
    const [m = "", n = ""] = [/^\d*/.exec(left)?.[0], /^\d*/.exec(right)?.[0]];
    const [p, q] = [m.replace(/^0+/, ""), n.replace(/^0+/, "")];
    if (p.length !== q.length) return p.length - q.length;
    if (p !== q) return p < q ? -1 : 1;
    [left, right] = [left.slice(m.length), right.slice(n.length)];
  }
  return 0;
}

function compareWords(a: string, b: string): number {
  for (let i = 0; i < Math.max(a.length, b.length); i += 1) {
    const difference = weightOf(a[i]) - weightOf(b[i]);
    if (difference !== 0) return difference;
  }
  return 0;
}

function weightOf(char: string | undefined): number {
  if (char === "~") return -1;
  if (char === undefined) return 0;
  return /[A-Za-z]/.test(char) ? char.charCodeAt(0) : char.charCodeAt(0) + 256;
}
