import { runKeyCommand } from "@conifer/platform/key-command";
import { CliError } from "../cli-error.ts";
import { CLUSTER_OPTIONS, readOptions } from "../command-line.ts";
import { callHere, withApi } from "../connection/call-api.ts";

const USAGE = `The keys that an installation signs images with.

  conifer signing-keys list          all of them, the current one first
  conifer signing-keys rotate        have a new key sign from now on; what was signed stays good
  conifer signing-keys revoke <id>   believe nothing more that a key has signed

  --here                                  the installation on this machine (CONIFER_HOME)
  --kubeconfig <file>, --context <name>   the cluster (default: KUBECONFIG, its current context)
  --namespace <name>                      where Conifer's own parts are (default conifer-system)

Exit status: 0 done, 1 failed, 2 wrong arguments.
`;

const OPTIONS = { ...CLUSTER_OPTIONS, here: { type: "boolean", default: false } } as const;

/** `conifer signing-keys` */
export async function run(args: readonly string[]): Promise<number> {
  const firstOption = args.findIndex((word) => word.startsWith("-"));
  const words = firstOption < 0 ? args : args.slice(0, firstOption);
  const { here, help, ...options } = readOptions("signing-keys", args.slice(words.length), OPTIONS);
  if (help) {
    process.stdout.write(USAGE);
    return 0;
  }
  // Words that make no sense are refused before anybody is asked.
  if ((await runKeyCommand(words, async () => [])) === undefined) {
    throw new CliError(
      "usage",
      "Say list, rotate, or revoke and a key's id. `conifer signing-keys --help` tells more.",
    );
  }
  const ask = (call: (route: string) => Promise<unknown>) => runKeyCommand(words, call);
  const said = await (here ? ask(callHere(process.env)) : withApi(options, ask));
  process.stdout.write(`${said}\n`);
  return 0;
}
