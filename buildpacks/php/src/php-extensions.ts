/** Extensions that are within the programs, or in the package that all of them need. */
const BUILT_IN = new Set([
  ...[
    "core",
    "date",
    "filter",
    "hash",
    "json",
    "libxml",
    "openssl",
    "pcre",
    "random",
    "reflection",
    "session",
  ],
  ...["sodium", "spl", "standard", "zlib", "pcntl", "calendar", "ctype", "exif", "ffi", "fileinfo", "ftp"],
  ...["gettext", "iconv", "pdo", "phar", "posix", "shmop", "sockets", "sysvmsg", "sysvsem", "sysvshm"],
  ...["tokenizer", "opcache", "zend-opcache", "readline"],
]);

/** Packages that hold extensions of other names. */
const PACKAGE_OF: Readonly<Record<string, string>> = {
  ...{ dom: "xml", simplexml: "xml", xmlreader: "xml", xmlwriter: "xml", xsl: "xml" },
  ...{ mysqli: "mysql", mysqlnd: "mysql", pdo_mysql: "mysql", pdo_pgsql: "pgsql", pdo_sqlite: "sqlite3" },
  ...{ pdo_odbc: "odbc", pdo_dblib: "sybase", pdo_firebird: "interbase" },
};

/** What every app has: packages of the names `php<line>-<name>`. */
export const ALWAYS = ["cli", "fpm", "curl", "intl", "mbstring", "xml", "zip"] as const;

export interface ExtensionPackages {
  readonly packages: readonly string[];
  /** Extensions that no package of the release has. */
  readonly missing: readonly string[];
}

/** The packages of a line of PHP (`8.2`) that hold these extensions, in what the release has. */
export function extensionPackages(
  line: string,
  extensions: Iterable<string>,
  available: ReadonlySet<string>,
): ExtensionPackages {
  const packages = new Set(ALWAYS.map((name) => `php${line}-${name}`).filter((name) => available.has(name)));
  const missing: string[] = [];
  for (const extension of extensions) {
    if (BUILT_IN.has(extension)) continue;
    const name = PACKAGE_OF[extension] ?? extension;
    const found = [`php${line}-${name}`, `php-${name}`].find((one) => available.has(one));
    if (found === undefined) missing.push(extension);
    else packages.add(found);
  }
  return { packages: [...packages], missing };
}
