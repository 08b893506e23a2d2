import { ImageError } from "./image-error.ts";

export const USAGE = `The run image that apps stand on where dynos are pods, made of Debian packages of this machine's release.

  npm run -s images [-- --json]   make it, unless it is there; prints the folder of its OCI layout
                                  (--json: also its digest, size in bytes and number of packages)

Start Conifer with CONIFER_RUN_IMAGE set to the folder, and builds make images that stand on it.
The packages are the newest that this machine's apt sources have: run it again for security updates.

Needs Debian or Ubuntu, and no root where user namespaces are allowed.
Environment: XDG_CACHE_HOME (images and packages are kept below it, in conifer/images).
Exit status: 0 done, 1 failed, 2 wrong arguments, 3 something is missing on this machine.
`;

export interface ImageWishes {
  readonly help: boolean;
  readonly json: boolean;
}

/** Reads a command line. @throws ImageError `usage` that names the mistake */
export function readImageArguments(args: readonly string[]): ImageWishes {
  const odd = args.find((arg) => !["--help", "-h", "--json"].includes(arg));
  if (odd !== undefined)
    throw new ImageError(
      "usage",
      `There is no option ${odd}. \`npm run -s images -- --help\` shows what can be said.`,
    );
  return { help: args.includes("--help") || args.includes("-h"), json: args.includes("--json") };
}
