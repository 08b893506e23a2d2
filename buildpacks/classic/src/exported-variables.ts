/** Of a shell's own making, or the build's and not the buildpack's. */
const NOT_EXPORTED = new Set(["_", "SHLVL", "PWD", "OLDPWD", "HOME", "BASH_ENV", "ENV"]);

/**
 * The variables that differ between two outputs of `env -0`, name → new value. A name that a layer cannot carry is left
 * out: those with `/`, a dot at the front, or nothing in them.
 */
export function changedVariables(before: string, after: string): Readonly<Record<string, string>> {
  const had = readPairs(before);
  const changed = [...readPairs(after)].filter(
    ([name, value]) =>
      had.get(name) !== value && !NOT_EXPORTED.has(name) && /^[A-Za-z_][A-Za-z0-9_]*$/.test(name),
  );
  return Object.fromEntries(changed);
}

function readPairs(text: string): ReadonlyMap<string, string> {
  const pairs = text.split("\0").flatMap((pair): [string, string][] => {
    const at = pair.indexOf("=");
    return at > 0 ? [[pair.slice(0, at), pair.slice(at + 1)]] : [];
  });
  return new Map(pairs);
}
