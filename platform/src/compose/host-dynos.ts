import { connect, isIP } from "node:net";
import { join } from "node:path";
import type { ImageStore } from "../delivery/image/index.ts";
import {
  COMMON_SPACE,
  dockerConfigJson,
  issuePullCredential,
  registryKeys,
  repositoryName,
} from "../delivery/registry/index.ts";
import {
  highestSafePort,
  makePortPool,
  portsInUse,
  startEmbeddedDynoHost,
} from "../drivers/embedded/dynos/index.ts";
import { openImageUnpacker } from "../drivers/embedded/images/index.ts";
import type { AbilityRow, Sandboxes } from "../drivers/embedded/sandbox/index.ts";
import { makeKubeClient, openKubeAccess } from "../drivers/kubernetes/client/index.ts";
import { keepPullSecret, PULL_SECRET, startKubernetesDynoHost } from "../drivers/kubernetes/dynos/index.ts";
import type { EndpointSource } from "../edge/route/index.ts";
import { type Logger, type LogSink, type MasterKey, type Running, systemClock } from "../kernel/index.ts";
import type { DynoHost } from "../runtime/dyno/index.ts";
import type { Config } from "./config.ts";
import { readHostRelease } from "./host-release.ts";

/** An engine's dynos, and what it tells an operator of how they are kept apart. */
export interface HostDynos extends Running {
  readonly dynos: DynoHost;
  readonly endpoints: EndpointSource;
  readonly isolation: readonly AbilityRow[];
}

interface HostDynosParts {
  readonly config: Config;
  readonly sandboxes: Sandboxes;
  readonly images: ImageStore;
  readonly logs: LogSink;
  readonly masterKey: MasterKey;
  readonly logger: Logger;
}

/** Starts the engine that CONIFER_ENGINE names. */
export function startHostDynos(parts: HostDynosParts): Promise<HostDynos> {
  return parts.config.engine === "kubernetes" ? startClusterDynos(parts) : startSandboxedDynos(parts);
}

async function startSandboxedDynos(parts: HostDynosParts): Promise<HostDynos> {
  const { config, sandboxes, images, logs, masterKey, logger } = parts;
  const { home } = config;
  const unpackImage = await openImageUnpacker({
    store: images,
    folder: home.layers,
    host: readHostRelease(),
    ...(sandboxes.owner ? { owner: sandboxes.owner } : {}),
  });
  const host = await startEmbeddedDynoHost({
    ...{ sandboxes, unpackImage, logs, logger, masterKey },
    ports: makePortPool({ taken: portsInUse, random: Math.random, highest: highestSafePort() }),
    now: systemClock,
    random: Math.random,
    directory: home.dynos,
    journalFile: join(home.state, "host.bin"),
  });
  return { ...host, isolation: sandboxes.abilities.table };
}

/** The user that owns the files of images, whoever built them. */
const IMAGE_USER = { uid: 1000, gid: 1000 };
const CPU_MILLIS_PER_SHARE = 50;
const LOST_NODE_SECONDS = 5;

/** Dynos as pods of the cluster that KUBECONFIG names, or the one this process runs in. */
async function startClusterDynos({ config, logs, masterKey, logger }: HostDynosParts): Promise<HostDynos> {
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
        user: IMAGE_USER,
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
