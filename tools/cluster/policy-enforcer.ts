import { createHash } from "node:crypto";
import { readdir, readFile, rename, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { KubernetesObject } from "./cluster-api.ts";
import { type ClusterFolders, nodeFolder } from "./cluster-folders.ts";
import type { NodePlan } from "./cluster-plan.ts";
import type { LiveNode } from "./cluster-processes.ts";
import { POD_NETWORK } from "./node-files.ts";
import { startInNode } from "./node-programs.ts";
import type { ProgramCommand } from "./program-commands.ts";

/** The program that holds pods to the network policies, as /proc names it; its certificate is called so too. */
export const ENFORCER = "policy-enforcer";
/** As the API server knows it. */
export const ENFORCER_USER = "conifer-cluster:policy-enforcer";

const ENTRY = join(import.meta.dirname, "..", "run-policy-enforcer.ts");

/** The enforcer reads what policies are made of, and writes nothing. */
export function enforcerRights(): KubernetesObject[] {
  const rbac = "rbac.authorization.k8s.io";
  const apiVersion = `${rbac}/v1`;
  const metadata = { name: ENFORCER_USER };
  const verbs = ["get", "list", "watch"];
  return [
    {
      ...{ apiVersion, kind: "ClusterRole", metadata },
      rules: [
        { apiGroups: [""], resources: ["pods", "namespaces"], verbs },
        { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"], verbs },
      ],
    },
    {
      ...{ apiVersion, kind: "ClusterRoleBinding", metadata },
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name: ENFORCER_USER },
      subjects: [{ apiGroup: rbac, kind: "User", name: ENFORCER_USER }],
    },
  ];
}

/** @param sources stands for the enforcer's code, so that another version starts anew */
export function enforcerCommand(folders: ClusterFolders, node: NodePlan, sources: string): ProgramCommand {
  return {
    program: ENFORCER,
    outside: true,
    args: [
      "--disable-warning=ExperimentalWarning",
      "--max-semi-space-size=1",
      ENTRY,
      join(folders.certificates, `${ENFORCER}.kubeconfig`),
      node.name,
      POD_NETWORK.bridge,
      POD_NETWORK.name,
      join(nodeFolder(folders, node.name), "lib/cni/results"),
      sources,
    ],
  };
}

/** Starts a node's enforcer. It is this Node.js under the enforcer's name. */
export async function startPolicyEnforcer(
  folders: ClusterFolders,
  member: NodePlan,
  node: LiveNode,
): Promise<void> {
  const folder = nodeFolder(folders, member.name);
  const link = join(folder, ENFORCER);
  const part = `${link}.${process.pid}`;
  await symlink(process.execPath, part);
  await rename(part, link);
  const command = enforcerCommand(folders, member, await fingerprint());
  await startInNode({ node, command, programs: folder, logs: join(folder, "log") });
}

async function fingerprint(): Promise<string> {
  const folder = join(import.meta.dirname, "policies");
  const names = (await readdir(folder)).filter((name) => /(?<!\.test)\.ts$/.test(name)).sort();
  const hash = createHash("sha256");
  for (const name of names) hash.update(`\n${name}\n`).update(await readFile(join(folder, name)));
  return hash.digest("hex").slice(0, 16);
}
