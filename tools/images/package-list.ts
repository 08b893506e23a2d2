import { type PackageList, RUN_PACKAGES } from "../../buildpacks/shared/base-packages.ts";

/**
 * What builds need beyond it: the run image's layers are the same, so that what is compiled here finds its libraries
 * there, and nodes have most of it already.
 */
export const BUILDER_PACKAGES = {
  ...RUN_PACKAGES,
  tools: [
    ...["gcc", "g++", "make", "libc6-dev", "pkg-config", "patch", "file"],
    ...["python3-dev", "python3-pip", "python3-venv"],
    // Buildpacks fetch packages of the release for an app: runtimes, and what the app lists.
    ...["apt", "dpkg", "gpgv", "debian-archive-keyring|ubuntu-keyring"],
    // Headers of the libraries that run images have.
    ...["libffi-dev", "libgmp-dev", "libmariadb-dev", "libpq-dev", "libsqlite3-dev", "libyaml-dev"],
    ...[
      "libxml2-dev",
      "libxslt1-dev",
      "libwebp-dev",
      "libpng-dev",
      "libjpeg-dev",
      "libssl-dev",
      "zlib1g-dev",
    ],
  ],
  // What builds Dockerfiles, where the operator lets builds do so.
  dockerfiles: ["buildah"],
} satisfies PackageList;
