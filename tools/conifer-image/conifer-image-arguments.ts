import { ARCHITECTURES, type Architecture, hostArchitecture } from "../images/debian-release.ts";
import { ImageError } from "../images/image-error.ts";
import { PURPOSES, type Purpose } from "./conifer-packages.ts";

export const USAGE = `Conifer's own images, made without a container engine: one is for an installation in a cluster, which runs all roles
of it; of the other, a container runs all of Conifer on one machine.

  npm run -s image [-- --for cluster|machine] [--arch amd64,arm64|host] [--json]
                                  make it; prints the folder of its OCI layout, which \`docker load\` takes as a tar
                                  (--for: what it is for, a cluster by default)
                                  (--arch: which platforms, both by default; host: this machine's, which is faster)
                                  (--json: also its name, its digest, those of its platforms, and the public key)
  npm run -s image -- push <registry>/<repository>:<tag> [--for ...] [--arch ...] [--json]
                                  make it and push it, with bills of materials and signature; prints its name there
  npm run -s image -- verify <folder or reference> --key <file>
                                  check that it is signed with the key's other half and that all of it is there

  --user <name>            of the registry, with
  --password-file <file>   its password or token; \`-\` reads it from standard input
  --plain-http             for a registry without TLS

\`npm run -s cluster -- image <folder>\` gives it to the nodes of a development cluster.
The packages are the newest that this machine's apt sources have, and those of the lock file.

Needs Debian or Ubuntu, and no root.
Environment: XDG_CACHE_HOME (images and packages are kept below it, in conifer/images/conifer), CONIFER_SIGNING_KEY
(file of the private key to sign with, PEM, P-256; without it one is made once and kept there), HTTP_PROXY,
HTTPS_PROXY, NO_PROXY, NODE_EXTRA_CA_CERTS (file of authorities to trust beside the usual ones).
Exit status: 0 done, 1 failed or not good, 2 wrong arguments, 3 something is missing on this machine.
`;

/** How a registry is reached. */
export interface RegistryWishes {
  readonly plainHttp: boolean;
  readonly login?: { readonly user: string; readonly passwordFile: string };
}

export interface WhatToMake {
  readonly purpose: Purpose;
  readonly architectures: readonly Architecture[];
  readonly json: boolean;
}

/** A command line, understood. */
export type ConiferImageCommand =
  | { readonly verb: "help" }
  | ({ readonly verb: "make" } & WhatToMake)
  | ({ readonly verb: "push"; readonly reference: string; readonly registry: RegistryWishes } & WhatToMake)
  | {
      readonly verb: "verify";
      /** A folder, or a reference to an image in a registry. */
      readonly image: string;
      readonly key: string;
      readonly registry: RegistryWishes;
    };

const usage = (message: string) =>
  new ImageError("usage", `${message} \`npm run -s image -- --help\` shows what can be said.`);

/** Options with a value and options without, of every command; each command names those it takes. */
const WITH_VALUE = new Set(["--arch", "--for", "--key", "--user", "--password-file"]);
const FLAGS = new Set(["--json", "--plain-http"]);
const OF_REGISTRIES = ["--user", "--password-file", "--plain-http"];
const OPTIONS = {
  make: ["--arch", "--for", "--json"],
  push: ["--arch", "--for", "--json", ...OF_REGISTRIES],
  verify: ["--key", ...OF_REGISTRIES],
} as const;

/** Reads a command line. @throws ImageError `usage` that names the mistake */
export function readConiferImageArguments(args: readonly string[]): ConiferImageCommand {
  if (args.includes("--help") || args.includes("-h")) return { verb: "help" };
  const { options, words } = split(args);
  const [verb = "make", ...operands] = words;
  if (verb !== "make" && verb !== "push" && verb !== "verify") throw usage(`There is no command ${verb}.`);
  const allowed: readonly string[] = OPTIONS[verb];
  for (const option of options.keys())
    if (!allowed.includes(option)) throw usage(`${verb} does not take ${option}.`);
  const wanted: WhatToMake = {
    purpose: readPurpose(options.get("--for")),
    architectures: readArchitectures(options.get("--arch")),
    json: options.has("--json"),
  };
  const [operand = "", ...more] = operands;
  if (more.length > 0 || (verb === "make" && operand !== ""))
    throw usage(`${verb} takes no "${operands.at(-1)}".`);
  if (verb === "make") return { verb, ...wanted };
  const registry = readRegistry(options);
  if (operand === "") throw usage(`${verb} takes an image.`);
  if (verb === "push") return { verb, reference: operand, ...wanted, registry };
  const key = options.get("--key");
  if (key === undefined) throw usage("verify takes --key <file>, a public key.");
  return { verb, image: operand, key, registry };
}

function split(args: readonly string[]) {
  const options = new Map<string, string>();
  const words: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? "";
    const [option = "", ...joined] = arg.split("=");
    if (WITH_VALUE.has(option)) {
      const value = joined.length > 0 ? joined.join("=") : args[++at];
      if (value === undefined || value === "") throw usage(`${option} needs a value.`);
      options.set(option, value);
    } else if (FLAGS.has(arg)) options.set(arg, "");
    else if (arg.startsWith("-")) throw usage(`There is no option ${arg}.`);
    else words.push(arg);
  }
  return { options, words };
}

function readRegistry(options: ReadonlyMap<string, string>): RegistryWishes {
  const [user, passwordFile] = [options.get("--user"), options.get("--password-file")];
  if ((user === undefined) !== (passwordFile === undefined))
    throw usage("--user and --password-file belong together.");
  const login = user !== undefined && passwordFile !== undefined ? { login: { user, passwordFile } } : {};
  return { plainHttp: options.has("--plain-http"), ...login };
}

function readPurpose(text = "cluster"): Purpose {
  const purpose = PURPOSES.find((one) => one === text);
  if (purpose === undefined) throw usage(`--for takes ${PURPOSES.join(" or ")}; not "${text}".`);
  return purpose;
}

/** In the order of an index, whatever order they were named in: the same wish gives the same image. */
function readArchitectures(text: string | undefined): readonly Architecture[] {
  if (text === undefined) return ARCHITECTURES;
  const named = text.split(",").map((one) => (one === "host" ? hostArchitecture() : one));
  const odd = named.find((one) => !(ARCHITECTURES as readonly string[]).includes(one));
  if (odd !== undefined) throw usage(`--arch takes ${ARCHITECTURES.join(",")} or host; not "${odd}".`);
  return ARCHITECTURES.filter((one) => named.includes(one));
}
