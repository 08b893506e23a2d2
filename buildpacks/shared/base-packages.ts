/**
 * What an image is made of, by layer, the lowest first; each layer also gets what its packages need and no layer below has.
 * What changes less often lies deeper.
 */
export type PackageList = Readonly<Record<string, readonly string[]>>;

/**
 * What a run image is made of. A name may have others after a bar for releases where the
 * package is called something else: the first one the release has is taken. One with a `?` may be missing.
 */
export const RUN_PACKAGES = {
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
} satisfies PackageList;

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
