/** Short names of licenses in machine-readable copyright files (DEP-5) that SPDX has other names for. */
const SPDX_NAMES: Readonly<Record<string, string>> = {
  "apache-2": "Apache-2.0",
  "apache-2.0": "Apache-2.0",
  "artistic-1": "Artistic-1.0-Perl",
  artistic: "Artistic-1.0-Perl",
  "bsd-2-clause": "BSD-2-Clause",
  "bsd-3-clause": "BSD-3-Clause",
  "bsd-4-clause": "BSD-4-Clause",
  "bsl-1.0": "BSL-1.0",
  "cc0-1.0": "CC0-1.0",
  curl: "curl",
  expat: "MIT",
  isc: "ISC",
  mit: "MIT",
  "mpl-2": "MPL-2.0",
  "mpl-2.0": "MPL-2.0",
  openldap: "OLDAP-2.8",
  "openldap-2.8": "OLDAP-2.8",
  openssl: "OpenSSL",
  zlib: "Zlib",
};

const GNU = /^(gpl|lgpl|agpl|gfdl)-?(\d(?:\.\d)?)(?:\.0)?(\+?)$/;

/** The SPDX identifier of a short name; undefined for one that means no license of SPDX's list for sure. */
export function spdxName(short: string): string | undefined {
  const name = short.toLowerCase();
  const [, family, version = "", later] = GNU.exec(name) ?? [];
  if (family === undefined) return Object.hasOwn(SPDX_NAMES, name) ? SPDX_NAMES[name] : undefined;
  return `${family.toUpperCase()}-${version.includes(".") ? version : `${version}.0`}-${later ? "or-later" : "only"}`;
}

/**
 * All licenses that a package's copyright file names, as one expression. Undefined unless the file is machine-readable and
 * each of them is known: half of the truth would read like all of it.
 */
export function readLicense(copyright: string): string | undefined {
  if (!/^Format: \S*copyright-format/m.test(copyright)) return undefined;
  const names = new Set<string>();
  for (const [, text = ""] of copyright.matchAll(/^License: *(\S.*)$/gim))
    for (const part of text.split(/,|\s+(?:and|or)\s+|\s*\/\s*/i)) {
      const name = spdxName(part.trim());
      if (name === undefined) return undefined;
      names.add(name);
    }
  return names.size === 0 ? undefined : [...names].sort().join(" AND ");
}
