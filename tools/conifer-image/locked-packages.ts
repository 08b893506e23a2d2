import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { SbomPackage } from "./sbom-package.ts";

interface LockedPackage {
  readonly name?: string;
  readonly version?: string;
  readonly integrity?: string;
  readonly license?: unknown;
  readonly link?: boolean;
}

/** The packages of a lock file, version 3, that are in `node_modules` beside it; a name may come in several versions. */
export async function readLockedPackages(folder: string): Promise<SbomPackage[]> {
  const { packages } = JSON.parse(await readFile(join(folder, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, LockedPackage>>;
  };
  return packagesIn(packages, (path) => existsSync(join(folder, path)));
}

/** The pure part of it. */
export function packagesIn(
  packages: Readonly<Record<string, LockedPackage>>,
  isThere: (path: string) => boolean,
): SbomPackage[] {
  const found = new Map<string, SbomPackage>();
  for (const [path, { name, version, integrity, license, link }] of Object.entries(packages)) {
    const place = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path)?.[1];
    if (place === undefined || version === undefined || link || !isThere(path)) continue;
    const one = name ?? place;
    const sha512 = /(?:^|\s)sha512-([A-Za-z0-9+/=]+)/.exec(integrity ?? "")?.[1];
    found.set(`${one}@${version}`, {
      ...{ kind: "npm", name: one, version },
      ...(typeof license === "string" ? { license } : {}),
      ...(sha512 === undefined
        ? {}
        : { checksum: { algorithm: "SHA512", hex: Buffer.from(sha512, "base64").toString("hex") } }),
    });
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}
