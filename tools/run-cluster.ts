import { spawn } from "node:child_process";
import { join } from "node:path";
import { tellOnError } from "../cli/src/cluster/tell-steps.ts";
import { bringUp } from "./cluster/bring-up-cluster.ts";
import { buildAll, buildPrograms } from "./cluster/build-programs.ts";
import { type ClusterCommand, DEFAULT_NAME, readArguments, USAGE } from "./cluster/cluster-arguments.ts";
import { ClusterError, EXIT_STATUS } from "./cluster/cluster-error.ts";
import { clusterFolders } from "./cluster/cluster-folders.ts";
import { readStatus, statusLines } from "./cluster/cluster-status.ts";
import { distributeImage } from "./cluster/distribute-image.ts";
import { findNode } from "./cluster/make-node.ts";
import { enterNode } from "./cluster/node-programs.ts";
import { scaleNodes } from "./cluster/simulate-nodes.ts";
import { takeDown } from "./cluster/take-down-cluster.ts";

/** `npm run cluster`: a real Kubernetes on this machine. */
async function main(args: readonly string[]): Promise<number> {
  try {
    return await run(readArguments(args));
  } catch (thrown) {
    if (!(thrown instanceof ClusterError)) throw thrown;
    process.stderr.write(`${thrown.message}\n`);
    return EXIT_STATUS[thrown.failure];
  }
}

async function run(command: ClusterCommand): Promise<number> {
  switch (command.verb) {
    case "help":
      process.stdout.write(USAGE);
      return 0;
    case "up": {
      const { kubeconfig } = await bringUp(command.name, command.wishes, tellOnError);
      console.log(kubeconfig);
      return 0;
    }
    case "down":
      await takeDown(command.name, command.keep, tellOnError);
      return 0;
    case "status":
      return status(command.name, command.json);
    case "kubeconfig":
      console.log(clusterFolders(command.name, process.env).kubeconfig);
      return 0;
    case "kubectl": {
      const { cache, kubeconfig } = clusterFolders(command.name, process.env);
      const programs = await buildPrograms(cache, "go", tellOnError);
      return passOn(join(programs, "kubectl"), command.rest, { ...process.env, KUBECONFIG: kubeconfig });
    }
    case "node": {
      const node = findNode(command.name, command.node);
      if (!node) throw new ClusterError("failed", `${command.name} has no node ${command.node} that runs.`);
      return passOn("nsenter", [...enterNode(node.pid), ...command.rest], process.env);
    }
    case "image":
      await distributeImage(command.name, command.content, tellOnError);
      return 0;
    case "scale":
      await scaleNodes(command.name, command.nodes, tellOnError);
      return 0;
    case "build":
      await buildAll(clusterFolders(DEFAULT_NAME, process.env).cache, tellOnError);
      return 0;
  }
}

async function status(name: string, json: boolean): Promise<number> {
  const found = await readStatus(name);
  if (json) console.log(JSON.stringify(found ?? null, undefined, 2));
  else if (found) for (const line of statusLines(found)) console.log(line);
  else console.log(`There is no cluster ${name}. \`npm run cluster -- --name ${name} up\` starts one.`);
  return found?.healthy ? 0 : 1;
}

/** Runs a command in place of this one: same terminal, its exit status. Signals reach it as a part of the terminal's group. */
function passOn(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(command, args, { stdio: "inherit", env });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

process.exitCode = await main(process.argv.slice(2));
