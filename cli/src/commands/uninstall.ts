import { askPerson, confirm } from "../ask-person.ts";
import { CliError } from "../cli-error.ts";
import { holdLease } from "../cluster/hold-lease.ts";
import { openCluster } from "../cluster/open-cluster.ts";
import { findNamespaces, removeNamespaces, type TakeOutOptions, takeOut } from "../cluster/take-out.ts";
import { tellOnError, tellStep } from "../cluster/tell-steps.ts";
import { CLUSTER_OPTIONS, readOptions } from "../command-line.ts";
import { stopSignal } from "../stop-signal.ts";

const USAGE = `Takes an installation out of a cluster. Only what carries its labels goes.

  conifer uninstall [--keep-data] [--yes]

  --kubeconfig <file>, --context <name>   the cluster (default: KUBECONFIG, its current context)
  --namespace <name>   where Conifer's own parts are (default conifer-system)
  --keep-data          leave volumes and keys: another \`conifer install\` goes on with them
  --yes                do not ask

Exit status: 0 done, 1 failed, 2 wrong arguments, 4 refused.
`;

const OPTIONS = {
  ...CLUSTER_OPTIONS,
  "keep-data": { type: "boolean", default: false },
  yes: { type: "boolean", default: false },
} as const;

/** `conifer uninstall` */
export async function run(args: readonly string[]): Promise<number> {
  const given = readOptions("uninstall", args, OPTIONS);
  if (given.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const { namespace, "keep-data": keepData } = given;
  const client = await openCluster(given, process.env);
  try {
    const namespaces = await findNamespaces(client, namespace);
    if (namespaces.length === 0) {
      tellOnError(`There is no installation in ${namespace}.`);
      return 0;
    }
    if (!given.yes) await ask(namespace, client.access.server, keepData);
    const signal = stopSignal("Stopped in the middle. Run the same command again to go on from there.");
    const options = { client, namespace, keepData, tell: tellOnError, signal };
    await takeOutAlone(options, namespaces);
    const left = await tellStep(tellOnError, "Removing namespaces", () =>
      removeNamespaces(options, namespaces),
    );
    for (const line of left) tellOnError(`Left: ${line}`);
    tellOnError(`Conifer is out of ${client.access.server}.`);
    return 0;
  } finally {
    await client.close();
  }
}

/** The lease is one of the system namespace's objects, so it is given back before that goes. */
async function takeOutAlone(options: TakeOutOptions, namespaces: readonly string[]): Promise<void> {
  const { client, namespace, signal } = options;
  const lease = namespaces.includes(namespace) ? await holdLease(client, namespace) : undefined;
  try {
    await takeOut(
      { ...options, signal: lease ? AbortSignal.any([signal, lease.signal]) : signal },
      namespaces,
    );
  } finally {
    await lease?.release();
  }
}

async function ask(namespace: string, server: string, keepData: boolean): Promise<void> {
  if (keepData) return await confirm(`End all apps and take Conifer out of ${server}? Data stays.`);
  const question = `This ends all apps on ${server} and removes their code, configuration, logs and keys for good.\nType ${namespace} to go on: `;
  const answer = await askPerson(question);
  if (answer !== namespace) throw new CliError("refused", "Nothing was changed.");
}
