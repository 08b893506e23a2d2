import { readFileSync } from "node:fs";
import { confirm } from "../ask-person.ts";
import { CliError, EXIT_STATUS } from "../cli-error.ts";
import { allManifests } from "../cluster/all-manifests.ts";
import { readRecord } from "../cluster/installation-record.ts";
import { openCluster } from "../cluster/open-cluster.ts";
import { runInstallation } from "../cluster/run-installation.ts";
import { tellOnError } from "../cluster/tell-steps.ts";
import { CLUSTER_OPTIONS, readDuration, readOptions } from "../command-line.ts";
import { manifestYaml } from "../installation/manifest-yaml.ts";
import { planUpgrade } from "../installation/plan-upgrade.ts";
import { completeValues, type Overrides, readGiven } from "../installation/read-values.ts";
import { checkCluster } from "../preflight/check-cluster.ts";
import { stopSignal } from "../stop-signal.ts";

const USAGE = `Puts Conifer into a Kubernetes cluster, or brings what is there to another version or to other values.

  conifer install [--values <file>] [--set <path>=<value> ...] [--image <reference>]

  --kubeconfig <file>, --context <name>   the cluster (default: KUBECONFIG, its current context)
  --namespace <name>   where Conifer's own parts go (default conifer-system)
  --values <file>      values as YAML; those of the last installation hold where nothing else is said
  --set <path>=<value> one value, such as router.service=NodePort; may be repeated
  --reset-values       begin from the defaults, not from the last installation's values
  --image <reference>  Conifer's own image
  --ca-bundle <file>   certificates (PEM) that roles and builds trust, where the network has an authority of its own
  --check              look whether the cluster can take it, and change nothing; --json for programs
  --dry-run            print what would be applied as YAML and change nothing; --show-secrets does not mask it
  --wait <time>        how long the new pods have to answer (default 10m); then the cluster goes back to what was
  --yes                do not ask

Exit status: 0 done, 1 failed, 2 wrong arguments, 3 a check before failed, 4 refused.
`;

const OPTIONS = {
  ...CLUSTER_OPTIONS,
  values: { type: "string" },
  set: { type: "string", multiple: true },
  "reset-values": { type: "boolean", default: false },
  image: { type: "string" },
  "ca-bundle": { type: "string" },
  check: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  "dry-run": { type: "boolean", default: false },
  "show-secrets": { type: "boolean", default: false },
  wait: { type: "string", default: "10m" },
  yes: { type: "boolean", default: false },
} as const;

type Options = ReturnType<typeof readOptions<typeof OPTIONS>>;

/** `conifer install` */
export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions("install", args, OPTIONS);
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const within = readDuration("--wait", options.wait);
  const given = readGivenValues(options);
  completeValues(given);
  const client = await openCluster(options, process.env);
  try {
    const record = await readRecord(client, options.namespace);
    const before = options["reset-values"] ? {} : (record.current?.overrides ?? {});
    const overrides = { ...before, ...given };
    const installation = {
      namespace: options.namespace,
      version: ourVersion(),
      values: completeValues(overrides),
    };
    if (options["dry-run"]) {
      process.stdout.write(manifestYaml(await allManifests(client, installation, options["show-secrets"])));
      return 0;
    }
    const report = { tell: tellOnError, json: options.json };
    if (!(await checkCluster(client, installation, report))) return EXIT_STATUS.unmet;
    if (options.check) return 0;
    const plan = planUpgrade(installation.version, {
      current: record.current?.version,
      previous: record.previous?.version,
    });
    if (plan.kind === "refused") throw new CliError("refused", plan.why);
    if (!options.yes) await confirm(`Install Conifer ${installation.version} into ${client.access.server}?`);
    const signal = stopSignal("Stopped in the middle. Run the same command again to go on from there.");
    const done = await runInstallation({
      ...{ client, installation, overrides, record, within, signal },
      tell: tellOnError,
    });
    process.stderr.write(`Conifer ${done.version} is installed. \`conifer connect\` leads a shell there.\n`);
    return 0;
  } finally {
    await client.close();
  }
}

function readGivenValues(options: Options): Overrides {
  const { values: file, set = [], image, "ca-bundle": bundle } = options;
  const sets = [
    ...set,
    ...(image === undefined ? [] : [`image=${JSON.stringify(image)}`]),
    ...(bundle === undefined ? [] : [`caBundle=${JSON.stringify(readFile(bundle, "certificates"))}`]),
  ];
  return readGiven({
    ...(file !== undefined && { file: { name: file, text: readFile(file, "values") } }),
    sets,
  });
}

function readFile(file: string, what: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (thrown) {
    throw new CliError("usage", `The ${what} cannot be read: ${(thrown as Error).message}.`);
  }
}

/** Of the sources that this command is part of. */
function ourVersion(): string {
  const file = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
