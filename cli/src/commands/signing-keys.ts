import { runKeyCommand } from "@conifer/platform/signing-keys";
import { CliError } from "../cli-error.ts";
import { CLUSTER_OPTIONS, readOptions } from "../command-line.ts";
import { withOperatorCall } from "../connection/call-operator.ts";

const USAGE = `The keys that an installation signs images with.

  conifer signing-keys list          all of them, the current one first
  conifer signing-keys rotate        have a new key sign from now on; what was signed stays good
  conifer signing-keys revoke <id>   believe nothing more that a key has signed

  --kubeconfig <file>, --context <name>   the cluster (default: KUBECONFIG, its current context)
  --namespace <name>                      where Conifer's own parts are (default conifer-system)

Exit status: 0 done, 1 failed, 2 wrong arguments.
`;

/** `conifer signing-keys` */
export async function run(args: readonly string[]): Promise<number> {
  const words = args.slice(0, 2).filter((word) => !word.startsWith("-"));
  const options = readOptions("signing-keys", args.slice(words.length), CLUSTER_OPTIONS);
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  // Words that make no sense are refused before the cluster is asked.
  const wouldCall = await runKeyCommand(words, async () => []);
  if (wouldCall === undefined) {
    throw new CliError(
      "usage",
      "Say list, rotate, or revoke and a key's id. `conifer signing-keys --help` tells more.",
    );
  }
  await withOperatorCall(options, async (call) => {
    process.stdout.write(`${await runKeyCommand(words, call)}\n`);
  });
  return 0;
}
