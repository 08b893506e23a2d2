import { makePackageUrl } from "./package-url.ts";

/** A package that an image was made with. */
export interface Component {
  /** The type of its package URL: `npm`, `pypi`, `golang`, `maven`, `gem`, `composer`, `deb`, … */
  readonly type: string;
  /** As its ecosystem writes it: `@scope/name`, `group:artifact`, `example.com/module`, `vendor/name`. */
  readonly name: string;
  readonly version: string;
  /** Of its package URL, such as the distribution of a Debian package. */
  readonly qualifiers?: Readonly<Record<string, string>>;
  /** An SPDX license expression, where whoever told of the package knew one. */
  readonly license?: string;
  readonly hash?: { readonly algorithm: "SHA-1" | "SHA-256" | "SHA-512"; readonly hex: string };
  /** Only to develop or test with. */
  readonly development: boolean;
  /** Who told of it: a lock file's path in the source, or a buildpack's id. */
  readonly from: readonly string[];
}

/** What an image was made with, and what could not be said of it. */
export interface Inventory {
  /** By package URL, each once. */
  readonly components: readonly Component[];
  /** For readers of the bill: what was left out, and why. */
  readonly remarks: readonly string[];
}

/** More than the largest lock files have; more of them would make bills that nobody can read. */
export const MOST_COMPONENTS = 20_000;

export function packageUrlOf({ type, name, version, qualifiers }: Component): string {
  return makePackageUrl({ type, name, version, qualifiers: qualifiers ?? {} });
}

/**
 * One list of what several sources tell: the same package once, in an order that does not depend on who told of it first.
 * A package is for development only when all say so.
 */
export function makeInventory(told: readonly Component[], remarks: readonly string[] = []): Inventory {
  const byUrl = new Map<string, Component>();
  for (const one of told) {
    const url = packageUrlOf(one);
    const known = byUrl.get(url);
    byUrl.set(url, known ? merge(known, one) : one);
  }
  const sorted = [...byUrl].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, component]) => component);
  const left = sorted.length - MOST_COMPONENTS;
  const more = left > 0 ? [`${left} packages are left out: a bill has ${MOST_COMPONENTS} at the most.`] : [];
  return { components: sorted.slice(0, MOST_COMPONENTS), remarks: [...remarks, ...more].sort() };
}

function merge(a: Component, b: Component): Component {
  const license = a.license ?? b.license;
  const hash = a.hash ?? b.hash;
  return {
    ...a,
    ...(license === undefined ? {} : { license }),
    ...(hash === undefined ? {} : { hash }),
    development: a.development && b.development,
    from: [...new Set([...a.from, ...b.from])].sort(),
  };
}
