/** Layers of packages, the lowest first. What changes less often lies deeper. */
export const PACKAGE_LAYERS = ["system", "programs"] as const;
export type PackageLayer = (typeof PACKAGE_LAYERS)[number];

/**
 * What a run image is made of, with all that these need. A name may have others after a bar for releases where the
 * package is called something else: the first one the release has is taken. One with a `?` may be missing.
 */
export const PACKAGES: Readonly<Record<PackageLayer, readonly string[]>> = {
  system: [
    ...["base-files", "base-passwd", "bash", "coreutils", "dash", "debianutils", "diffutils", "findutils"],
    ...[
      "grep",
      "gzip",
      "hostname",
      "libc-bin",
      "libgcc-s1",
      "libstdc++6",
      "mawk",
      "media-types",
      "ncurses-base",
    ],
    ...["netbase", "procps", "sed", "tar", "tzdata", "util-linux", "xz-utils", "zlib1g"],
    // Chosen by name, lest apt take the one that moves files and needs Perl for that.
    "usr-is-merged?",
  ],
  programs: [
    ...["bzip2", "ca-certificates", "curl", "git", "jq", "less", "openssl", "unzip", "zip"],
    // Python apps stand on the base's Python, as they do where they are built.
    ...["python3", "python3-distutils?"],
    // Libraries that packages of npm and PyPI with compiled parts look for.
    ...["libffi8", "libgmp10", "libjemalloc2", "libmariadb3", "libpq5", "libsqlite3-0", "libyaml-0-2"],
    ...["libxml2|libxml2-16", "libxslt1.1", "libwebp7", "libpng16-16t64|libpng16-16"],
    ...["libjpeg62-turbo|libjpeg-turbo8"],
  ],
};

/** The names to ask apt for. @throws Error that names what the release does not have. */
export function choosePackages(wanted: readonly string[], available: ReadonlySet<string>): string[] {
  const missing: string[] = [];
  const chosen = wanted.flatMap((entry) => {
    const names = entry.replace(/\?$/, "").split("|");
    const found = names.find((name) => available.has(name));
    if (found === undefined && !entry.endsWith("?")) missing.push(names.join(" or "));
    return found === undefined ? [] : [found];
  });
  if (missing.length > 0) throw new Error(`The release has no package ${missing.join(", ")}.`);
  return chosen;
}
