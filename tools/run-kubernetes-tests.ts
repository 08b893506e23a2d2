import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tellOnError } from "../cli/src/cluster/tell-steps.ts";
import { meetNeeds } from "./cluster/machine-needs.ts";
import { takeDown } from "./cluster/take-down-cluster.ts";
import { takeDownOrphans, testClusterName } from "./cluster/test-clusters.ts";
import { makeConiferImage } from "./conifer-image/make-conifer-image.ts";
import { describeCluster } from "./describe-cluster.ts";
import { imagesFolder } from "./images/images-folder.ts";
import { JOURNEYS, OPERATION, useInstallation } from "./use-installation.ts";
import { conclude, countSuites, runSuites, type TestCounts } from "./vitest-run.ts";

/**
 * `npm run test:kubernetes`: the suites that need a Kubernetes, on the one that KUBECONFIG names, or on one of their own
 * that is taken down again afterwards, also after an interrupt. Arguments are passed on to vitest. The suites find the
 * cluster by KUBECONFIG; CONIFER_CLUSTER is its name when it is ours, so that they can reach its nodes.
 * CONIFER_CLUSTER_REGISTRY is where its nodes pull images that suites serve. Journeys run on an installation, in the
 * namespace that CONIFER_INSTALLATION names, and visit its apps by way of the nodes, which see the address in
 * CONIFER_VISITOR; on a cluster of somebody else's without an installation, they start the control plane here.
 */
async function main(args: readonly string[]): Promise<number> {
  if (process.env.KUBECONFIG) return runSuites([...SUITES, ...JOURNEYS, ...OPERATION, ...args]);
  const name = testClusterName(process.pid);
  const interrupt = catchInterrupt();
  await takeDownOrphans(tellOnError);
  let status = 0;
  let runs: readonly TestCounts[] = [];
  try {
    status =
      (await meetTestNeeds()) ||
      (await runApart(["build"], { interrupt })) ||
      (await runApart(["up", "--name", name, "--nodes", "3", "--dual-stack"], { interrupt }));
    if (status === 0 && !interrupt.caught) runs = await runAll(name, args, interrupt);
  } finally {
    await takeDown(name, false, tellOnError);
  }
  return conclude(runs) && (status || 1);
}

/** Most suites' containers have nothing else in them. */
const BUSYBOX = { file: "/bin/busybox", debianPackage: "busybox-static" };

/** The exit status: 3 when something is missing that cannot be installed. */
async function meetTestNeeds(): Promise<number> {
  try {
    await meetNeeds(tellOnError, [BUSYBOX]);
    return 0;
  } catch (thrown) {
    console.error(thrown instanceof Error ? thrown.message : thrown);
    return 3;
  }
}

const SUITES = ["--project", "kubernetes"];

/**
 * The suites of the drivers and of the cluster itself take their time beside what is done with the installation, in namespaces
 * of their own. What they print comes when they have ended.
 */
async function runAll(
  name: string,
  args: readonly string[],
  interrupt: Interrupt,
): Promise<readonly TestCounts[]> {
  const environment = { ...process.env, ...(await describeCluster(name)) };
  if (!(await install(name, environment, interrupt)) || interrupt.caught) return [];
  const folder = mkdtempSync(join(tmpdir(), "conifer-tests-"));
  const output = join(folder, "suites.log");
  const more = ["--passWithNoTests", ...args];
  try {
    const runs = await Promise.all([
      countSuites([...SUITES, ...more], { environment, output }),
      useInstallation(
        { ...environment, CONIFER_INSTALLATION: INSTALLATION },
        { namespace: INSTALLATION, args: more, isOver: () => interrupt.caught },
      ).catch((thrown: unknown) => {
        console.error(thrown);
        return [
          {
            passed: 0,
            failed: 1,
            skipped: 0,
            failures: [`the installation's suites: ${thrown}`],
            retried: [],
          },
        ];
      }),
    ]);
    process.stdout.write(readFileSync(output));
    return runs.flat();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Where Conifer's roles are. */
const INSTALLATION = "conifer-system";
/** Certificates that builds must trust where this machine's network has an authority of its own. */
const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";

/** Puts Conifer into the cluster as an operator does, for the journeys; whether that went well. */
async function install(name: string, environment: NodeJS.ProcessEnv, interrupt: Interrupt): Promise<boolean> {
  const host = process.arch === "arm64" ? "arm64" : "amd64";
  const image = await makeConiferImage({
    purpose: "cluster",
    cache: join(imagesFolder(process.env), "conifer"),
    repository: join(import.meta.dirname, ".."),
    architectures: [host],
    signingKey: process.env.CONIFER_SIGNING_KEY,
    tell: tellOnError,
  });
  const trust = existsSync(CERTIFICATES) ? ["--ca-bundle", CERTIFICATES] : [];
  const values = ["router.service=NodePort", "imagePullPolicy=Never", "dockerfiles.enabled=true"].flatMap(
    (value) => ["--set", value],
  );
  const { CONIFER_RUN_IMAGE = "", CONIFER_BUILDER_IMAGE = "" } = environment;
  const images = ["--run-image", CONIFER_RUN_IMAGE, "--builder-image", CONIFER_BUILDER_IMAGE];
  const how = { interrupt, environment };
  return (
    (await runApart(["--name", name, "image", image.folder], how)) === 0 &&
    (await runApart(["install", "--yes", ...values, ...trust], { ...how, entry: CONIFER })) === 0 &&
    (await runApart(["images", ...images], { ...how, entry: CONIFER })) === 0
  );
}

interface Interrupt {
  caught: boolean;
  child: ChildProcess | undefined;
}

/** From here on a signal ends what is being done, and never the clean-up. */
function catchInterrupt(): Interrupt {
  const interrupt: Interrupt = { caught: false, child: undefined };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      interrupt.caught = true;
      const pid = interrupt.child?.pid;
      if (pid !== undefined && interrupt.child?.exitCode === null) process.kill(-pid, "SIGTERM");
    });
  }
  return interrupt;
}

const CLUSTER = join(import.meta.dirname, "run-cluster.ts");
const CONIFER = join(import.meta.dirname, "../cli/src/conifer.ts");

interface Apart {
  readonly interrupt: Interrupt;
  /** Default: the cluster tool. */
  readonly entry?: string;
  readonly environment?: NodeJS.ProcessEnv;
}

/** Runs a tool in a process group of its own, which can be ended in the middle, compilers and all. */
async function runApart(
  args: readonly string[],
  { interrupt, entry = CLUSTER, environment = process.env }: Apart,
): Promise<number> {
  if (interrupt.caught) return 1;
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", entry, ...args], {
    stdio: ["ignore", "ignore", "inherit"],
    env: environment,
    detached: true,
  });
  interrupt.child = child;
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code));
  });
  interrupt.child = undefined;
  return status ?? 1;
}

process.exitCode = await main(process.argv.slice(2));
