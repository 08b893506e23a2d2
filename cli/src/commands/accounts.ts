import { callPeer } from "@conifer/platform/peers";
import { CliError } from "../cli-error.ts";
import { readSecrets } from "../cluster/keep-secrets.ts";
import { openCluster } from "../cluster/open-cluster.ts";
import { tellOnError } from "../cluster/tell-steps.ts";
import { CLUSTER_OPTIONS, readOptions } from "../command-line.ts";
import { forwardPort } from "../connection/forward-port.ts";
import { openRole } from "../connection/open-role.ts";
import { INNER_NAME } from "../installation/installation-keys.ts";
import { PORT } from "../installation/role-table.ts";

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
  const { namespace } = options;
  const client = await openCluster(options, process.env);
  try {
    const { keys } = await readSecrets(client, namespace);
    const { secret, "internal-ca.pem": ca } = keys;
    if (!secret || !ca)
      throw new CliError(
        "failed",
        `There is no installation in ${namespace}. \`conifer install\` makes one.`,
      );
    const open = openRole(client, namespace, "api");
    const what = "The API";
    const port = await forwardPort({ port: 0, what, tell: tellOnError, open: () => open(PORT.calls) });
    try {
      const peer = { host: "127.0.0.1", port: port.port, secret, ca, serverName: INNER_NAME };
      process.stdout.write(
        `${await carryOut(verb, email, (route, body) => callPeer(peer, route, { body }))}\n`,
      );
    } finally {
      await port.stop();
    }
    return 0;
  } finally {
    await client.close();
  }
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
