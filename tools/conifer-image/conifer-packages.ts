import type { PackageList } from "../../buildpacks/shared/base-packages.ts";

/** What Conifer's own image is made of beside Node.js, the packages of npm and our sources: no more than its roles start. */
export const CONIFER_PACKAGES = {
  system: [
    ...["base-files", "base-passwd", "coreutils", "dash", "grep", "libc-bin", "libgcc-s1", "libstdc++6"],
    ...["media-types", "netbase", "sed", "tzdata", "zlib1g"],
    // Chosen by name, lest apt take the one that moves files and needs Perl for that.
    "usr-is-merged?",
  ],
  programs: ["ca-certificates", "git", "openssl"],
} satisfies PackageList;

/**
 * Packages that others name and that stay out: Perl serves git's commands for mail and other systems, and maintainer
 * scripts, of which none runs; so does what asks their questions. No role starts any of them.
 */
const LEFT_OUT =
  /^(?:perl|perl-base|perl-modules-.*|libperl.*|liberror-perl|libgdbm.*|debconf|dpkg|git-man|tar|mawk)$/;

export function isLeftOut(name: string): boolean {
  return LEFT_OUT.test(name);
}
