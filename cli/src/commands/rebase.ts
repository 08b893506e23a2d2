import { setTimeout as pause } from "node:timers/promises";
import {
  parseRebaseArguments,
  RebaseUsage,
  rebaseUsage,
  runRebaseCommand,
} from "@conifer/platform/rebase-command";
import { CliError } from "../cli-error.ts";
import { CLUSTER_OPTIONS, readOptions } from "../command-line.ts";
import { callHere, withApi } from "../connection/call-api.ts";

const COMMAND = "conifer rebase";
const PLACE_USAGE = `
Which installation:
  --here                                  the one on this machine (CONIFER_HOME)
  --kubeconfig <file>, --context <name>   the cluster (default: KUBECONFIG, its current context)
  --namespace <name>                      where Conifer's own parts are (default conifer-system)
`;

/** `conifer rebase` */
export async function run(args: readonly string[]): Promise<number> {
  const { place, others } = splitArguments(args);
  const { here, ...options } = readOptions("rebase", place, PLACE_OPTIONS);
  try {
    if (parseRebaseArguments(others).help) {
      process.stdout.write(`${rebaseUsage(COMMAND)}${PLACE_USAGE}`);
      return 0;
    }
    const print = (text: string) => void process.stdout.write(`${text}\n`);
    const io = { print, pause: (ms: number) => pause(ms) };
    if (here)
      return await runRebaseCommand(others, {
        ...io,
        command: `${COMMAND} --here`,
        call: callHere(process.env),
      });
    return await withApi(options, (call) => runRebaseCommand(others, { ...io, command: COMMAND, call }));
  } catch (thrown) {
    if (!(thrown instanceof RebaseUsage)) throw thrown;
    throw new CliError("usage", `${thrown.message} \`${COMMAND} --help\` tells more.`);
  }
}

const PLACE_OPTIONS = { ...CLUSTER_OPTIONS, here: { type: "boolean", default: false } } as const;

/** Which arguments say what installation is meant. */
export function splitArguments(args: readonly string[]): {
  readonly place: readonly string[];
  readonly others: readonly string[];
} {
  const place: string[] = [];
  const others: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    const takesValue = /^--(?:kubeconfig|context|namespace)(?:=|$)/.test(arg);
    const into = takesValue || arg === "--here" ? place : others;
    into.push(arg);
    const next = args[at + 1];
    if (takesValue && !arg.includes("=") && next !== undefined) {
      into.push(next);
      at += 1;
    }
  }
  return { place, others };
}
