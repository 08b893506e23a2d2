import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { clusterFolders } from "./cluster/cluster-folders.ts";
import { planCluster } from "./cluster/cluster-plan.ts";
import { readSettings } from "./cluster/cluster-settings.ts";
import { takeDown } from "./cluster/take-down-cluster.ts";
import { tellOnError } from "./cluster/tell-progress.ts";
import { takeDownOrphans, testClusterName } from "./cluster/test-clusters.ts";
import { imagesFolder } from "./images/images-folder.ts";
import { makeRunImage } from "./images/make-run-image.ts";
import { runSuites } from "./vitest-run.ts";

/**
 * `npm run test:kubernetes`: the suites that need a Kubernetes, on the one that KUBECONFIG names, or on one of their own
 * that is taken down again afterwards, also after an interrupt. Arguments are passed on to vitest. The suites find the
 * cluster by KUBECONFIG; CONIFER_CLUSTER is its name when it is ours, so that they can reach its nodes.
 * CONIFER_CLUSTER_REGISTRY is where its nodes pull images: the suites are that registry, or the platform that a journey
 * starts, whose apps stand on the run image of `npm run images`.
 */
async function main(args: readonly string[]): Promise<number> {
  const suites = ["--project", "kubernetes", ...args];
  if (process.env.KUBECONFIG) return runSuites(suites);
  const name = testClusterName(process.pid);
  await takeDownOrphans(tellOnError);
  const interrupt = catchInterrupt();
  try {
    const status =
      (await runApart(["build"], interrupt)) ||
      (await runApart(["up", "--name", name, "--nodes", "3", "--dual-stack"], interrupt));
    if (status !== 0 || interrupt.caught) return status || 1;
    return await runSuites(suites, { ...process.env, ...(await describeCluster(name)) });
  } finally {
    await takeDown(name, false, tellOnError);
  }
}

async function describeCluster(name: string): Promise<Record<string, string>> {
  const folders = clusterFolders(name, process.env);
  const settings = await readSettings(folders);
  if (!settings) throw new Error(`The cluster ${name} has no settings.`);
  const { registry } = planCluster(settings);
  const image = await makeRunImage(imagesFolder(process.env), tellOnError);
  return {
    KUBECONFIG: folders.kubeconfig,
    CONIFER_CLUSTER: name,
    CONIFER_CLUSTER_REGISTRY: registry,
    CONIFER_REGISTRY_ADDRESS: registry,
    CONIFER_RUN_IMAGE: image.folder,
  };
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

/** Runs the cluster tool in a process group of its own, which can be ended in the middle, compilers and all. */
async function runApart(args: readonly string[], interrupt: Interrupt): Promise<number> {
  if (interrupt.caught) return 1;
  const entry = join(import.meta.dirname, "run-cluster.ts");
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", entry, ...args], {
    stdio: ["ignore", "ignore", "inherit"],
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
