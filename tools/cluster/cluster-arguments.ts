import { ClusterError } from "./cluster-error.ts";
import { MOST_NODES, NAME_RULE } from "./cluster-plan.ts";
import type { ImageContent } from "./distribute-image.ts";

/** What a user may say about a cluster; what is left out stays as it was, or takes its default. */
export interface Wishes {
  readonly nodes?: number;
  readonly dualStack?: boolean;
  readonly egress?: boolean;
  readonly registry?: string;
}

/** A command line, understood. */
export type ClusterCommand =
  | { readonly verb: "help" }
  | { readonly verb: "build" }
  | { readonly verb: "up"; readonly name: string; readonly wishes: Wishes }
  | { readonly verb: "down"; readonly name: string; readonly keep: boolean }
  | { readonly verb: "status"; readonly name: string; readonly json: boolean }
  | { readonly verb: "kubeconfig"; readonly name: string }
  | { readonly verb: "kubectl"; readonly name: string; readonly rest: readonly string[] }
  | { readonly verb: "node"; readonly name: string; readonly node: number; readonly rest: readonly string[] }
  | {
      readonly verb: "image";
      readonly name: string;
      readonly content: ImageContent;
    }
  | { readonly verb: "scale"; readonly name: string; readonly nodes: number };

export const DEFAULT_NAME = "conifer";
export const MOST_SIMULATED = 5_000;

export const USAGE = `A real Kubernetes on this machine, built from Go modules, for development and tests. Needs root.

  npm run cluster -- up [--nodes 3] [--dual-stack] [--no-egress] [--registry <host:port>]
                                     start the cluster, or what is missing of it; prints the kubeconfig's path
  npm run cluster -- status [--json] what runs; status 1 unless all of it is healthy
  npm run cluster -- down [--keep]   stop it and remove every trace; --keep leaves its data for the next up
  npm run cluster -- kubectl <...>   kubectl on it
  npm run cluster -- kubeconfig      print the kubeconfig's path
  npm run cluster -- node <n> <...>  run a command as on that node
  npm run cluster -- image <reference> <file>:<path> ...
                                     make an image of files, the first being its program, and give it to every node
  npm run cluster -- image [<reference>] <folder>
                                     give every node the image in an OCI layout, as \`npm run image\` prints it
  npm run cluster -- scale --nodes <n>
                                     have that many simulated nodes beside the real ones (0: none)
  npm run cluster -- build           build the programs and start nothing

  --name <name>   which cluster, where there are several (default ${DEFAULT_NAME}); before the command or after it
  --nodes <n>     1 to ${MOST_NODES} (default 1); more can be added by another up
  --dual-stack    IPv4 and IPv6
  --no-egress     no way out of the cluster for pods; --egress gives it back
  --registry      pull images of <host:port> over plain http (default: port 6450 on the host's address in the cluster)

Environment: CONIFER_CLUSTER_STATE (folder for the clusters' data), XDG_CACHE_HOME (the programs are kept below it).
Exit status: 0 done, 1 failed or not healthy, 2 wrong arguments, 3 something is missing on this machine.
`;

const usage = (message: string) =>
  new ClusterError("usage", `${message} \`npm run cluster -- --help\` shows what can be said.`);

/** Options with a value and options without, of every command; each command names those it takes. */
const WITH_VALUE = new Set(["--name", "--nodes", "--registry"]);
const FLAGS = new Set(["--dual-stack", "--no-dual-stack", "--egress", "--no-egress", "--keep", "--json"]);
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  up: ["--nodes", "--registry", "--dual-stack", "--no-dual-stack", "--egress", "--no-egress"],
  down: ["--keep"],
  status: ["--json"],
  kubeconfig: [],
  kubectl: [],
  node: [],
  image: [],
  scale: ["--nodes"],
  build: [],
};
/** What follows these is somebody else's command line. */
const PASSING_ON = new Set(["kubectl", "node"]);

interface Split {
  readonly verb: string | undefined;
  readonly options: ReadonlyMap<string, string>;
  readonly words: readonly string[];
}

/**
 * Reads a command line.
 * @throws ClusterError `usage` with a message that names the mistake
 */
export function readArguments(args: readonly string[]): ClusterCommand {
  const { verb, options, words } = split(args);
  if (verb === undefined || options.has("--help")) return { verb: "help" };
  const allowed = Object.hasOwn(OPTIONS, verb) ? OPTIONS[verb] : undefined;
  if (!allowed) throw usage(`There is no command ${verb}.`);
  for (const option of options.keys()) {
    if (option !== "--name" && !allowed.includes(option)) throw usage(`${verb} does not take ${option}.`);
  }
  const name = options.get("--name") ?? DEFAULT_NAME;
  if (!NAME_RULE.test(name)) {
    throw usage(
      `A cluster's name is a letter and up to nine letters or digits, in lower case; not "${name}".`,
    );
  }
  return readCommand(verb, name, { verb, options, words });
}

function readCommand(verb: string, name: string, { options, words }: Split): ClusterCommand {
  const takesNoWords = ["up", "down", "status", "kubeconfig", "scale", "build"].includes(verb);
  if (takesNoWords && words.length > 0) throw usage(`${verb} takes no "${words[0]}".`);
  switch (verb) {
    case "up":
      return { verb, name, wishes: readWishes(options) };
    case "down":
      return { verb, name, keep: options.has("--keep") };
    case "status":
      return { verb, name, json: options.has("--json") };
    case "kubectl":
      return { verb, name, rest: words };
    case "node": {
      const [node = "", ...rest] = words;
      if (rest.length === 0) throw usage("node takes a node's number and a command.");
      return { verb, name, node: wholeNumber("A node's number", node, 1, MOST_NODES), rest };
    }
    case "image":
      return { verb, name, content: readImage(words) };
    case "scale": {
      const nodes = options.get("--nodes");
      if (nodes === undefined) throw usage("scale takes --nodes <number>.");
      return { verb, name, nodes: wholeNumber("--nodes", nodes, 0, MOST_SIMULATED) };
    }
    case "build":
      return { verb };
    default:
      return { verb: "kubeconfig", name };
  }
}

function split(args: readonly string[]): Split {
  const options = new Map<string, string>();
  const words: string[] = [];
  let verb: string | undefined;
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? "";
    if (verb !== undefined && PASSING_ON.has(verb)) {
      words.push(...args.slice(at));
      break;
    }
    const [option = "", ...joined] = arg.split("=");
    if (arg === "--help" || arg === "-h") options.set("--help", "");
    else if (WITH_VALUE.has(option)) {
      const value = joined.length > 0 ? joined.join("=") : args[++at];
      if (value === undefined || value === "") throw usage(`${option} needs a value.`);
      options.set(option, value);
    } else if (FLAGS.has(arg)) options.set(arg, "");
    else if (arg.startsWith("-")) throw usage(`There is no option ${arg}.`);
    else if (verb === undefined) verb = arg;
    else words.push(arg);
  }
  return { verb, options, words };
}

function readWishes(options: ReadonlyMap<string, string>): Wishes {
  const nodes = options.get("--nodes");
  const registry = options.get("--registry");
  if (registry !== undefined && !isHostAndPort(registry)) {
    throw usage(`--registry is <host:port>; not "${registry}".`);
  }
  const either = (yes: string, no: string) => {
    if (options.has(yes) && options.has(no)) throw usage(`${yes} and ${no} exclude each other.`);
    return options.has(yes) ? true : options.has(no) ? false : undefined;
  };
  const dualStack = either("--dual-stack", "--no-dual-stack");
  const egress = either("--egress", "--no-egress");
  return {
    ...(nodes !== undefined && { nodes: wholeNumber("--nodes", nodes, 1, MOST_NODES) }),
    ...(registry !== undefined && { registry }),
    ...(dualStack !== undefined && { dualStack }),
    ...(egress !== undefined && { egress }),
  };
}

function isHostAndPort(text: string): boolean {
  const port = Number(/^(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\]):(\d{1,5})$/.exec(text)?.[1]);
  return port >= 1 && port <= 65_535;
}

function readImage(words: readonly string[]): ImageContent {
  const folder = words.at(-1) ?? "";
  const isFolder = /^[./]/.test(folder) && !folder.includes(":");
  const [reference] = words.slice(0, isFolder ? -1 : undefined);
  if (isFolder && words.length > 2) throw usage("image takes one folder of an image, or files.");
  if (isFolder && reference === undefined) return { kind: "layout", folder };
  if (!/^[a-z0-9.-]+(?::\d+)?\/[a-z0-9._/-]+:[\w.-]+$/.test(reference ?? "")) {
    throw usage(`image takes a full reference such as localhost/app:dev; not "${reference ?? ""}".`);
  }
  return isFolder
    ? { kind: "layout", reference: reference as string, folder }
    : readFiles(reference as string, words.slice(1));
}

function readFiles(reference: string, pairs: readonly string[]): ImageContent {
  const files = pairs.map((pair) => {
    const cut = pair.lastIndexOf(":");
    const [source, target] = [pair.slice(0, Math.max(0, cut)), pair.slice(cut + 1)];
    if (source === "" || !target.startsWith("/")) throw usage(`A file is <file>:</path>; not "${pair}".`);
    return { source, target };
  });
  if (files.length === 0)
    throw usage("image takes at least one <file>:</path>, or the folder of an OCI layout.");
  return { kind: "files", reference, files };
}

function wholeNumber(what: string, text: string, least: number, most: number): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    throw usage(`${what} is a whole number from ${least} to ${most}; not "${text}".`);
  }
  return value;
}
