import { connect, isIP } from "node:net";
import {
  COMMON_SPACE,
  dockerConfigJson,
  issuePullCredential,
  registryKeys,
  repositoryName,
} from "../delivery/registry/index.ts";
import { RUN_USER } from "../drivers/embedded/builds/index.ts";
import type { AbilityRow } from "../drivers/embedded/sandbox/index.ts";
import { makeKubeClient, openKubeAccess } from "../drivers/kubernetes/client/index.ts";
import { keepPullSecret, PULL_SECRET, startKubernetesDynoHost } from "../drivers/kubernetes/dynos/index.ts";
import { type Running, systemClock } from "../kernel/index.ts";
import type { HostDynos, HostDynosParts } from "./engine-dynos.ts";

const CPU_MILLIS_PER_SHARE = 50;
const LOST_NODE_SECONDS = 5;

/** Dynos as pods of the cluster that KUBECONFIG names, or the one this process runs in. */
export async function startClusterDynos({
  config,
  logs,
  masterKey,
  logger,
}: Pick<HostDynosParts, "config" | "logs" | "masterKey" | "logger">): Promise<HostDynos> {
  const { kubeconfig, namespace, registryAddress = "" } = config;
  const client = makeKubeClient(await openKubeAccess(kubeconfig));
  const keys = registryKeys(masterKey);
  const running: Running[] = [{ stop: () => client.close() }];
  const stop = async () => {
    for (let last = running.pop(); last; last = running.pop()) await last.stop();
  };
  try {
    const host = await startKubernetesDynoHost({
      ...{ client, logs, logger },
      placement: {
        namespace,
        imageRef: ({ image, appId }) =>
          `${registryAddress}/${repositoryName({ space: COMMON_SPACE, name: appId })}@${image}`,
        user: { uid: RUN_USER.uid, gid: RUN_USER.gid },
        nameservers: [],
        cpuMillisPerShare: CPU_MILLIS_PER_SHARE,
        pullSecrets: [PULL_SECRET],
        lostNodeSeconds: LOST_NODE_SECONDS,
      },
      routerRanges: config.routerRanges ?? [await addressTowards(client.access.server)],
      now: systemClock,
    });
    running.push(host);
    running.push(
      await keepPullSecret({
        ...{ client, namespace, logger },
        make: (now) => dockerConfigJson(issuePullCredential(COMMON_SPACE, now, keys), [registryAddress]),
        now: systemClock,
      }),
    );
    return { dynos: host.dynos, endpoints: host.endpoints, isolation: clusterTable(namespace), stop };
  } catch (thrown) {
    await stop().catch(() => {});
    throw thrown;
  }
}

/** This machine's address on the way to the API server, as a range of one: the router beside us reaches pods from it. */
export async function addressTowards(server: string): Promise<string> {
  const { hostname, port, protocol } = new URL(server);
  const socket = connect({
    host: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port || (protocol === "https:" ? 443 : 80)),
  });
  try {
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    const address = socket.localAddress ?? "";
    return `${address}/${isIP(address) === 6 ? 128 : 32}`;
  } finally {
    socket.destroy();
  }
}

function clusterTable(namespace: string): readonly AbilityRow[] {
  return [
    {
      what: "Dynos",
      state: "enforced",
      detail: `pods of the namespace ${namespace}, Pod Security "restricted"`,
    },
    { what: "Memory", state: "enforced", detail: "requests and limits of the pods" },
    {
      what: "Network",
      state: "enforced",
      detail: "network policies, where the cluster enforces them: only the router reaches dynos",
    },
  ];
}
