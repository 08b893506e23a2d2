import { type PackageList, RUN_PACKAGES } from "../../buildpacks/shared/base-packages.ts";
import { BUILDER_PACKAGES } from "../images/package-list.ts";

/** What an image of Conifer's is for: the roles of an installation in a cluster, or all of Conifer on one machine. */
export const PURPOSES = ["cluster", "machine"] as const;
export type Purpose = (typeof PURPOSES)[number];

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

/** On one machine builds and dynos stand on the image's own files, so that it also has what images for them are made of. */
const MACHINE_PACKAGES = {
  ...CONIFER_PACKAGES,
  dynos: [
    ...RUN_PACKAGES.system,
    ...RUN_PACKAGES.programs,
    // What sandboxes are made with: networks, and the filter of system calls.
    ...["iproute2", "nftables", "mount", "perl-base"],
  ],
  tools: BUILDER_PACKAGES.tools,
} satisfies PackageList;

export function packagesFor(purpose: Purpose): PackageList {
  return purpose === "cluster" ? CONIFER_PACKAGES : MACHINE_PACKAGES;
}

/**
 * Packages that others name and that stay out: Perl serves git's commands for mail and other systems, and maintainer
 * scripts, of which none runs; so does what asks their questions. No role starts any of them.
 */
const LEFT_OUT =
  /^(?:perl|perl-base|perl-modules-.*|libperl.*|liberror-perl|libgdbm.*|debconf|dpkg|git-man|tar|mawk)$/;

export function isLeftOut(name: string): boolean {
  return LEFT_OUT.test(name);
}

/** What goes into an image for a purpose. What roles do without lies above their layers, which so are the same in all images. */
export function choosePackagesFor<T extends { readonly name: string; readonly layer: string }>(
  purpose: Purpose,
  packages: readonly T[],
): T[] {
  if (purpose === "cluster") return packages.filter(({ name }) => !isLeftOut(name));
  return packages.map((one) =>
    one.layer in CONIFER_PACKAGES && isLeftOut(one.name) ? { ...one, layer: "dynos" } : one,
  );
}
