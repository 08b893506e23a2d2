import { ImageError } from "../images/image-error.ts";
import { ARCHITECTURES, type Architecture, hostArchitecture } from "./conifer-packages.ts";

export const USAGE = `Conifer's own image, for an installation in a cluster: all roles, for amd64 and arm64. Made without a container engine.

  npm run -s image [-- --arch amd64,arm64|host] [--json]
                                  make it; prints the folder of its OCI layout
                                  (--arch: which platforms, both by default; host: this machine's, which is faster)
                                  (--json: also its name, its digest, and those of its platforms)

\`npm run -s cluster -- image <folder>\` gives it to the nodes of a development cluster.
The packages are the newest that this machine's apt sources have, and those of the lock file.

Needs Debian or Ubuntu, and no root.
Environment: XDG_CACHE_HOME (images and packages are kept below it, in conifer/images/conifer).
Exit status: 0 done, 1 failed, 2 wrong arguments, 3 something is missing on this machine.
`;

/** A command line, understood. */
export type ConiferImageCommand =
  | { readonly verb: "help" }
  | { readonly verb: "make"; readonly architectures: readonly Architecture[]; readonly json: boolean };

const usage = (message: string) =>
  new ImageError("usage", `${message} \`npm run -s image -- --help\` shows what can be said.`);

/** Reads a command line. @throws ImageError `usage` that names the mistake */
export function readConiferImageArguments(args: readonly string[]): ConiferImageCommand {
  let architectures: readonly Architecture[] = ARCHITECTURES;
  let json = false;
  for (let at = 0; at < args.length; at += 1) {
    const [option, joined] = splitOnce(args[at] ?? "");
    if (option === "--help" || option === "-h") return { verb: "help" };
    if (option === "--json") json = true;
    else if (option === "--arch") architectures = readArchitectures(joined ?? args[++at] ?? "");
    else throw usage(`There is no ${option.startsWith("-") ? "option" : "command"} ${option}.`);
  }
  return { verb: "make", architectures, json };
}

function splitOnce(arg: string): [string, string | undefined] {
  const cut = arg.indexOf("=");
  return arg.startsWith("--") && cut > 0 ? [arg.slice(0, cut), arg.slice(cut + 1)] : [arg, undefined];
}

/** In the order of an index, whatever order they were named in: the same wish gives the same image. */
function readArchitectures(text: string): Architecture[] {
  const named = text.split(",").map((one) => (one === "host" ? hostArchitecture() : one));
  const odd = named.find((one) => !(ARCHITECTURES as readonly string[]).includes(one));
  if (odd !== undefined) throw usage(`--arch takes ${ARCHITECTURES.join(",")} or host; not "${odd}".`);
  return ARCHITECTURES.filter((one) => named.includes(one));
}
