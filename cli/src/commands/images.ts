import { CliError } from "../cli-error.ts";
import { readRecord } from "../cluster/installation-record.ts";
import { readSecrets } from "../cluster/keep-secrets.ts";
import { openCluster } from "../cluster/open-cluster.ts";
import { tellOnError, tellStep } from "../cluster/tell-steps.ts";
import { CLUSTER_OPTIONS, readOptions } from "../command-line.ts";
import { forwardPort } from "../connection/forward-port.ts";
import { openRole } from "../connection/open-role.ts";
import { pushPlatformImage } from "../connection/push-platform-image.ts";
import { PORT } from "../installation/role-table.ts";
import { run as install } from "./install.ts";

const USAGE = `Gives an installation the images that it builds with: pushes them into its registry and has its workers use them.

  conifer images [--run-image <folder>] [--builder-image <folder>]

  --run-image <folder>      an OCI layout: what apps stand on (\`npm run -s images\` prints it)
  --builder-image <folder>  an OCI layout: what builds run in (\`npm run -s images -- builder\`)
  --kubeconfig <file>, --context <name>   the cluster (default: KUBECONFIG, its current context)
  --namespace <name>        where Conifer's own parts are (default conifer-system)

Prints a line for each image. Exit status: 0 done, 1 failed, 2 wrong arguments.
`;

const OPTIONS = {
  ...CLUSTER_OPTIONS,
  "run-image": { type: "string" },
  "builder-image": { type: "string" },
} as const;

/** What an image is called in the registry, and the value that names it. */
const IMAGES = [
  { option: "run-image", repository: "conifer/run", value: "runImage" },
  { option: "builder-image", repository: "conifer/builder", value: "builderImage" },
] as const;

/** `conifer images` */
export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions("images", args, OPTIONS);
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const given = IMAGES.flatMap(({ option, ...image }) => {
    const folder = options[option];
    return folder === undefined ? [] : [{ ...image, folder }];
  });
  if (given.length === 0)
    throw new CliError(
      "usage",
      "Name --run-image, --builder-image or both. `conifer images --help` tells more.",
    );
  const { namespace } = options;
  const client = await openCluster(options, process.env);
  const sets: string[] = [];
  try {
    const [secrets, record] = await Promise.all([
      readSecrets(client, namespace),
      readRecord(client, namespace),
    ]);
    const masterKey = secrets.keys["master.json"];
    if (!masterKey || !record.current)
      throw new CliError(
        "failed",
        `There is no installation in ${namespace}. \`conifer install\` makes one.`,
      );
    const open = openRole(client, namespace, "registry");
    const what = "The registry";
    const port = await forwardPort({ port: 0, what, tell: tellOnError, open: () => open(PORT.images) });
    try {
      for (const { folder, repository, value } of given) {
        const digest = await tellStep(tellOnError, `Pushing ${repository} from ${folder}`, () =>
          pushPlatformImage({ folder, repository, masterKey, url: `http://127.0.0.1:${port.port}` }),
        );
        sets.push(`${value}=${repository}@${digest}`);
        process.stdout.write(`${repository}@${digest}\n`);
      }
    } finally {
      await port.stop();
    }
  } finally {
    await client.close();
  }
  return await install([...clusterArguments(options), "--yes", ...sets.flatMap((set) => ["--set", set])]);
}

function clusterArguments(options: {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly namespace: string;
}): string[] {
  const { kubeconfig, context, namespace } = options;
  return [
    ...(kubeconfig === undefined ? [] : ["--kubeconfig", kubeconfig]),
    ...(context === undefined ? [] : ["--context", context]),
    ...["--namespace", namespace],
  ];
}
