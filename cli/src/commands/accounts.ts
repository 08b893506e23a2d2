import { CliError } from "../cli-error.ts";
import { CLUSTER_OPTIONS, readOptions } from "../command-line.ts";
import { withApi } from "../connection/call-api.ts";

const USAGE = `Makes accounts of an installation, and takes their access away.

  conifer accounts create <email>     make an account and print its password
  conifer accounts password <email>   give it a new password
  conifer accounts disable <email>    end its sessions and refuse its password and tokens

  --kubeconfig <file>, --context <name>   the cluster (default: KUBECONFIG, its current context)
  --namespace <name>                      where Conifer's own parts are (default conifer-system)

Exit status: 0 done, 1 failed, 2 wrong arguments.
`;

const VERBS = ["create", "password", "disable"] as const;
type Verb = (typeof VERBS)[number];

/** `conifer accounts` */
export async function run(args: readonly string[]): Promise<number> {
  const words = args.slice(0, 2).filter((word) => !word.startsWith("-"));
  const options = readOptions("accounts", args.slice(words.length), CLUSTER_OPTIONS);
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const { verb, email } = readWords(words);
  process.stdout.write(`${await withApi(options, (call) => carryOut(verb, email, call))}\n`);
  return 0;
}

function readWords([verb, email]: readonly string[]): { readonly verb: Verb; readonly email: string } {
  const known = VERBS.find((one) => one === verb);
  if (known && email && /^[^@\s]+@[^@\s]+$/.test(email)) return { verb: known, email };
  throw new CliError(
    "usage",
    "Say create, password or disable, and an e-mail address. `conifer accounts --help` tells more.",
  );
}

/** Does it, and returns what to print. */
export async function carryOut(
  verb: Verb,
  email: string,
  call: (route: string, body?: unknown) => Promise<unknown>,
): Promise<string> {
  const path = `/accounts/${encodeURIComponent(email)}`;
  if (verb === "disable") {
    await call(`POST ${path}/disable`);
    return `${email} is disabled.`;
  }
  const answer = verb === "create" ? call("POST /accounts", { email }) : call(`POST ${path}/password`);
  const made = (await answer) as { readonly email: string; readonly password: string };
  return `email:    ${made.email}\npassword: ${made.password}`;
}
