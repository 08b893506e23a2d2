import type { KubeClient } from "@conifer/platform/kubernetes-client";
import { type Tell, tellStep } from "../cluster/tell-steps.ts";
import type { Installation } from "../installation/installation-names.ts";
import { makeInstallation } from "../installation/make-installation.ts";
import { gatherFacts } from "./gather-facts.ts";
import { neededRights } from "./needed-rights.ts";
import { type Finding, findingLines, isGood, judgeCluster } from "./preflight.ts";

/** Looks whether a cluster can take an installation; nothing is changed. */
async function runPreflight(client: KubeClient, installation: Installation): Promise<Finding[]> {
  const { namespace, values } = installation;
  const objects = makeInstallation(installation).flatMap((stage) => stage.objects);
  const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "", namespace } };
  const facts = await gatherFacts(client, namespace, neededRights([...objects, secret], installation));
  const ports = [
    values["registry.nodePort"],
    ...(values["router.service"] === "ClusterIP"
      ? []
      : [values["router.httpNodePort"], values["router.httpsNodePort"]]),
  ];
  return judgeCluster(facts, {
    storageClass: values.storageClass,
    routerService: values["router.service"],
    nodePorts: ports.filter((port) => port > 0),
  });
}

/** The same, told as lines or, for programs, as JSON on standard output. False when an installation would fail. */
export async function checkCluster(
  client: KubeClient,
  installation: Installation,
  { tell, json }: { readonly tell: Tell; readonly json: boolean },
): Promise<boolean> {
  const findings = await tellStep(tell, "Looking at the cluster", () => runPreflight(client, installation));
  if (json) process.stdout.write(`${JSON.stringify(findings, undefined, 2)}\n`);
  else for (const line of findingLines(findings)) tell(line);
  return isGood(findings);
}
