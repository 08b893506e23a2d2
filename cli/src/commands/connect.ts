import { once } from "node:events";
import { CliError } from "../cli-error.ts";
import { readRecord } from "../cluster/installation-record.ts";
import { readSecrets } from "../cluster/keep-secrets.ts";
import { openCluster } from "../cluster/open-cluster.ts";
import { tellOnError } from "../cluster/tell-steps.ts";
import { CLUSTER_OPTIONS, readOptions, readPort } from "../command-line.ts";
import { type ForwardedPort, forwardPort } from "../connection/forward-port.ts";
import { openRole } from "../connection/open-role.ts";
import { connectionHome, writeConnectionHome } from "../connection/write-home.ts";
import { completeValues } from "../installation/read-values.ts";
import { PORT, type Role } from "../installation/role-table.ts";
import { stopSignal } from "../stop-signal.ts";

const USAGE = `Reaches an installation from this machine: ports on loopback lead to its API and its routers, through the cluster's API.

  conifer connect [--port 6400] [--router-port 8080]

  --kubeconfig <file>, --context <name>   the cluster (default: KUBECONFIG, its current context)
  --namespace <name>    where Conifer's own parts are (default conifer-system)
  --port <n>            for the API and git; --router-port <n> for apps (http)
  --router-tls-port <n> also one for apps over https
  --registry-port <n>   also one for the registry
  --home <folder>       where access.json and ca.pem are written (default ~/.conifer/clusters/<context>)

Prints a line to evaluate; then \`eval "$(npm run -s env)"\` points a shell here. It runs until Ctrl-C.
Exit status: 0 ended by a signal, 1 failed, 2 wrong arguments.
`;

const OPTIONS = {
  ...CLUSTER_OPTIONS,
  port: { type: "string", default: "6400" },
  "router-port": { type: "string", default: "8080" },
  "router-tls-port": { type: "string" },
  "registry-port": { type: "string" },
  home: { type: "string" },
} as const;

/** A port on loopback and where it leads. */
interface Leading {
  readonly role: Role;
  readonly what: string;
  readonly local: number;
  readonly remote: number;
}

/** One that is there only when it was asked for. */
function also(
  role: Role,
  what: string,
  { option, port }: { readonly option: string; readonly port: string | undefined },
  remote: number,
): Leading[] {
  return port === undefined ? [] : [{ role, what, local: readPort(option, port), remote }];
}

/** `conifer connect` */
export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions("connect", args, OPTIONS);
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const ports: Leading[] = [
    { role: "api", what: "The API", local: readPort("--port", options.port), remote: PORT.api },
    {
      role: "router",
      what: "The router",
      local: readPort("--router-port", options["router-port"]),
      remote: PORT.http,
    },
    ...also(
      "router",
      "The router's https",
      { option: "--router-tls-port", port: options["router-tls-port"] },
      PORT.https,
    ),
    ...also(
      "registry",
      "The registry",
      { option: "--registry-port", port: options["registry-port"] },
      PORT.images,
    ),
  ];
  const { namespace } = options;
  const client = await openCluster(options, process.env);
  const stopped = stopSignal("");
  const running: ForwardedPort[] = [];
  try {
    const [secrets, record] = await Promise.all([
      readSecrets(client, namespace),
      readRecord(client, namespace),
    ]);
    const ca = secrets.keys["ca.pem"];
    if (!ca)
      throw new CliError(
        "failed",
        `There is no installation in ${namespace}. \`conifer install\` makes one.`,
      );
    for (const { role, what, local, remote } of ports) {
      const open = openRole(client, namespace, role);
      running.push(await forwardPort({ port: local, what, tell: tellOnError, open: () => open(remote) }));
    }
    const [api, router] = running;
    const home = connectionHome(options.home, client.access.context, namespace);
    writeConnectionHome(home, {
      apiPort: api?.port ?? PORT.api,
      routerPort: router?.port ?? PORT.http,
      domain: completeValues(record.current?.overrides ?? {}).domain,
      admin: secrets.admin,
      ca,
    });
    process.stdout.write(`export CONIFER_HOME='${home.replaceAll("'", "'\\''")}'\n`);
    tellOnError(
      `Connected: API https://localhost:${api?.port}, apps http://localhost:${router?.port}. Ctrl-C ends it.`,
    );
    if (!stopped.aborted) await once(stopped, "abort");
    return 0;
  } finally {
    await Promise.all(running.map((one) => one.stop()));
    await client.close();
  }
}
