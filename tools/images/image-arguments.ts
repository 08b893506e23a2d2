import { ARCHITECTURES, type Architecture, hostArchitecture } from "./debian-release.ts";
import { ImageError } from "./image-error.ts";

export const USAGE = `The images of a cluster's apps, made of Debian packages of this machine's release.

  npm run -s images              make the run image, which apps stand on, unless it is there;
                                 prints the folder of its OCI layout
  npm run -s images -- builder   make the builder image, in which builds run
        --arch amd64|arm64       for which processors; this machine's by default
        --json                   print also its digest, size in bytes and number of packages

Start Conifer with CONIFER_RUN_IMAGE and CONIFER_BUILDER_IMAGE set to the folders: builds then run as
pods of the second, and make images that stand on the first.
The packages are the newest that this machine's apt sources have: run it again for security updates.

Needs Debian or Ubuntu, and no root where user namespaces are allowed.
Environment: XDG_CACHE_HOME (images and packages are kept below it, in conifer/images).
Exit status: 0 done, 1 failed, 2 wrong arguments, 3 something is missing on this machine.
`;

export interface ImageWishes {
  readonly kind: "run" | "builder";
  readonly help: boolean;
  readonly json: boolean;
  readonly architecture: Architecture;
}

/** Reads a command line. @throws ImageError `usage` that names the mistake */
export function readImageArguments(args: readonly string[]): ImageWishes {
  const { architecture, rest } = readArchitecture(args);
  const odd = rest.find((arg) => !["--help", "-h", "--json", "run", "builder"].includes(arg));
  if (odd !== undefined)
    throw new ImageError(
      "usage",
      `There is no ${odd}. \`npm run -s images -- --help\` shows what can be said.`,
    );
  const kind = args.includes("builder") ? "builder" : "run";
  const help = args.includes("--help") || args.includes("-h");
  return { kind, help, json: args.includes("--json"), architecture };
}

/** Takes `--arch` with its value out of a command line. */
function readArchitecture(args: readonly string[]): { architecture: Architecture; rest: readonly string[] } {
  const at = args.findIndex((arg) => arg === "--arch" || arg.startsWith("--arch="));
  if (at < 0) return { architecture: hostArchitecture(), rest: args };
  const [name, joined] = (args[at] ?? "").split("=", 2);
  const value = joined ?? args[at + 1] ?? "";
  const architecture = ARCHITECTURES.find((one) => one === value);
  if (!architecture)
    throw new ImageError("usage", `${name} takes ${ARCHITECTURES.join(" or ")}, not "${value}".`);
  return { architecture, rest: args.toSpliced(at, joined === undefined ? 2 : 1) };
}
