import { connect, isIP } from "node:net";
import {
  COMMON_SPACE,
  dockerConfigJson,
  issuePullCredential,
  registryKeys,
} from "../delivery/registry/index.ts";
import type { AbilityRow } from "../drivers/embedded/sandbox/index.ts";
import { type KubeClient, makeKubeClient, openKubeAccess } from "../drivers/kubernetes/client/index.ts";
import { keepPullSecret, startKubernetesDynoHost } from "../drivers/kubernetes/dynos/index.ts";
import { type Logger, type MasterKey, type Running, systemClock } from "../kernel/index.ts";
import { makeFence, makePlacement } from "./cluster-placement.ts";
import type { Config } from "./config.ts";
import type { HostDynos, HostDynosParts } from "./engine-dynos.ts";

/** Dynos as pods of the cluster that KUBECONFIG names, or the one this process runs in. */
export async function startClusterDynos({
  config,
  logs,
  masterKey,
  logger,
}: Pick<HostDynosParts, "config" | "logs" | "masterKey" | "logger">): Promise<HostDynos> {
  const client = makeKubeClient(await openKubeAccess(config.kubeconfig));
  const running: Running[] = [{ stop: () => client.close() }];
  const stop = async () => {
    for (let last = running.pop(); last; last = running.pop()) await last.stop();
  };
  try {
    const host = await startKubernetesDynoHost({
      ...{ client, logs, logger },
      placement: makePlacement(config),
      fence: makeFence(config, config.routerRanges ?? [await addressTowards(client.access.server)]),
      now: systemClock,
    });
    running.push(host);
    running.push(await keepSpaceSecret({ config, client, masterKey, logger }));
    return {
      dynos: host.dynos,
      endpoints: host.endpoints,
      isolation: clusterTable(config.namespace),
      stop,
    };
  } catch (thrown) {
    await stop().catch(() => {});
    throw thrown;
  }
}

/** Keeps the credentials with which nodes pull the images of the common space. */
export function keepSpaceSecret(parts: {
  readonly config: Config;
  readonly client: KubeClient;
  readonly masterKey: MasterKey;
  readonly logger: Logger;
}): Promise<Running> {
  const { namespace, registryAddress = "" } = parts.config;
  const keys = registryKeys(parts.masterKey);
  return keepPullSecret({
    ...{ client: parts.client, namespace, logger: parts.logger },
    make: (now) => dockerConfigJson(issuePullCredential(COMMON_SPACE, now, keys), [registryAddress]),
    now: systemClock,
  });
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

/** How dynos are kept apart in a cluster, for people. */
export function clusterTable(namespace: string): readonly AbilityRow[] {
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
      detail:
        "network policies, where the cluster enforces them: only routers reach dynos, dynos only the internet",
    },
  ];
}
