/** Debian's packages that bring what native code is compiled with, by what a compiler or a build script misses. */
const PACKAGES: readonly (readonly [missing: RegExp, name: string])[] = [
  [/^libpq-fe\.h$|^pg_config$|^(?:lib)?pq$/, "libpq-dev"],
  [
    /^mysql(?:\/mysql)?\.h$|^(?:mysql|mariadb)_config$|^(?:mysql|maria)(?:db)?client$|^(?:lib)?mariadb$/,
    "default-libmysqlclient-dev",
  ],
  [/^sqlite3(?:\.h)?$/, "libsqlite3-dev"],
  [/^vips(?:\/|$|-cpp$)/, "libvips-dev"],
  [/^libxml(?:\/|2$|-2\.0$)|^xml2(?:-config)?$/, "libxml2-dev"],
  [/^libxslt(?:\/|$)|^xslt(?:-config)?$/, "libxslt1-dev"],
  [/^openssl(?:\/|$)|^ssl$|^crypto$/, "libssl-dev"],
  [/^ffi\.h$|^(?:lib)?ffi$/, "libffi-dev"],
  [/^zlib(?:\.h)?$|^z$/, "zlib1g-dev"],
  [/^jpeglib\.h$|^jpeg$/, "libjpeg-dev"],
  [/^png\.h$|^(?:lib)?png(?:16)?$/, "libpng-dev"],
  [/^cairo(?:\/|\.h$|$)/, "libcairo2-dev"],
  [/^pango(?:\/|cairo$|$)/, "libpango1.0-dev"],
  [/^(?:ldap|lber)\.h$|^(?:ldap|lber)(?:_r)?$/, "libldap2-dev"],
  [/^sasl\/|^sasl2$/, "libsasl2-dev"],
  [/^curl\/|^curl(?:-config)?$|^libcurl$/, "libcurl4-openssl-dev"],
  [/^(?:magick|wand|MagickWand|MagickCore)(?:\/|$)/i, "libmagickwand-dev"],
  [/^krb5\.h$|^krb5-config$|^gssapi(?:\/|\.h$)/, "libkrb5-dev"],
  [/^sql(?:ext)?\.h$|^odbc$/, "unixodbc-dev"],
  [/^librdkafka\/|^rdkafka$/, "librdkafka-dev"],
  [/^gmp\.h$|^gmp$/, "libgmp-dev"],
  [/^yaml\.h$|^yaml$/, "libyaml-dev"],
  [/^snappy(?:-c)?(?:\.h)?$/, "libsnappy-dev"],
  [/^Python\.h$/, "python3-dev"],
];

/** What is missing, as compilers, linkers, pkg-config and build scripts say it. */
const MISSING: readonly RegExp[] = [
  /fatal error: ['"]?([\w.+/-]+\.h(?:pp)?)['"]?(?:: No such file| file not found)/,
  /cannot find -l:?([\w.+-]+)/,
  /\b((?:pg|mysql|mariadb)_config) (?:executable )?(?:not found|is required)/i,
  /(?:No package '|Package )([\w.+-]+)'?,? (?:found|was not found|required by)/,
  /error while loading shared libraries: ([\w.+-]+)/,
];

/** What to do where native code misses a library; undefined where the output says nothing of that. */
export function libraryAdvice(output: string): readonly string[] | undefined {
  for (const pattern of MISSING) {
    const missing = pattern.exec(output)?.[1];
    if (missing === undefined) continue;
    const name = PACKAGES.find(([words]) => words.test(missing))?.[1];
    return [
      `Native code needs ${missing}, which the build's base has not got. Have its package brought, by a line of a file Aptfile:`,
      name === undefined
        ? "  echo <package> >> Aptfile && git add Aptfile    (apt-file search, or packages.debian.org, tells which one has it)"
        : `  echo ${name} >> Aptfile && git add Aptfile`,
    ];
  }
  return undefined;
}
