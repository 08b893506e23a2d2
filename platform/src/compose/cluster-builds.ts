import { readFile } from "node:fs/promises";
import type { Builder } from "../delivery/build/index.ts";
import {
  COMMON_SPACE,
  dockerConfigJson,
  issuePullCredential,
  issuePushCredential,
  parseRepository,
  type Repository,
  registryKeys,
  repositoryName,
} from "../delivery/registry/index.ts";
import type { SourceStore } from "../delivery/source/index.ts";
import { operatorVariables, RUN_USER } from "../drivers/cnb/builds/index.ts";
import {
  buildersByStack,
  ensureBuildSpace,
  makeBuildSpace,
  makeTrust,
  pushLayout,
  startKubernetesBuilder,
  TRUST,
} from "../drivers/kubernetes/builds/index.ts";
import { type KubeClient, makeKubeClient, openKubeAccess } from "../drivers/kubernetes/client/index.ts";
import { keepPullSecret, PULL_SECRET } from "../drivers/kubernetes/dynos/index.ts";
import { makeRegistryClient } from "../drivers/registry/client/index.ts";
import { type Logger, type MasterKey, type Running, systemClock } from "../kernel/index.ts";
import type { Config } from "./config.ts";
import { readRegistryAccess } from "./registry-access-settings.ts";

export interface ClusterBuildsParts {
  readonly config: Pick<
    Config,
    | "kubeconfig"
    | "registryAddress"
    | "runImage"
    | "builderImage"
    | "defaultBuilder"
    | "pullRegistries"
    | "pullCredentials"
    | "caBundle"
    | "runtimeSources"
    | "architectures"
    | "otherBuilderImage"
    | "otherRunImage"
  > & {
    readonly buildNamespace: string;
    readonly dockerfileNamespace?: string | undefined;
  };
  /** Of the caller, who closes it; one of its own when missing. */
  readonly client?: KubeClient;
  readonly sources: Pick<SourceStore, "read">;
  readonly masterKey: MasterKey;
  readonly logger: Logger;
  readonly hostEnv: Readonly<Record<string, string | undefined>>;
  /** How this process and pods reach the registry, when it is not as nodes do: `http://<host>:<port>`. */
  readonly registryUrl?: string;
  /** How nodes call the registry; default what the settings say. */
  readonly nodesRegistry?: string;
  /** Other bounds than the usual ones. */
  readonly bounds?: Partial<BuildBounds>;
  /** The system's namespace when Conifer runs in the cluster: the registry is then called by its Service's name. */
  readonly systemNamespace?: string;
}

/** What builds may use. */
export interface BuildBounds {
  /** Of one build's own part; the parts around it take 1.8 GB more. */
  readonly memoryBytes: number;
  /** Its weight beside dynos and roles when a node is busy; it may take all that is idle. */
  readonly cpuMillis: number;
  readonly diskBytes: number;
  /** Of all builds at once. */
  readonly quota: { readonly pods: number; readonly memoryBytes: number };
  /** How long a pod is waited for that the cluster cannot start. */
  readonly troubleMs: number;
}

const ARCHITECTURE = process.arch === "arm64" ? ("arm64" as const) : ("amd64" as const);
const GIB = 1024 ** 3;
const MINUTE_MS = 60_000;
const PRIORITY_CLASS = "conifer-builds";
const BOUNDS: BuildBounds = {
  ...{ memoryBytes: 2 * GIB, cpuMillis: 50, diskBytes: 8 * GIB },
  quota: { pods: 20, memoryBytes: 64 * GIB },
  troubleMs: MINUTE_MS,
};
const SOURCE_LIMITS = { bytes: 4 * GIB, entries: 200_000 };
const LOST_NODE_SECONDS = 5;
const OURS_FOR_MS = 24 * 60 * MINUTE_MS;
const LONGEST_TRUST = 1_000_000;

/** Builds as pods of the cluster that KUBECONFIG names, or the one this process runs in. */
export async function startClusterBuilds(
  parts: ClusterBuildsParts,
): Promise<Running & { readonly builder: Builder }> {
  const { config, sources, masterKey, logger } = parts;
  const { quota, troubleMs, ...bounds } = { ...BOUNDS, ...parts.bounds };
  const { registryAddress = "" } = config;
  const { nodesRegistry = registryAddress } = parts;
  const url = parts.registryUrl ?? `http://${registryAddress}`;
  const keys = registryKeys(masterKey);
  const openRepository = (repository: Repository, until: Date) => {
    const { username, password } = issuePushCredential(repository, until, keys);
    return { url, username, password };
  };
  const clientOf = (repository: Repository) => {
    const { username, password } = openRepository(repository, new Date(Date.now() + OURS_FOR_MS));
    return makeRegistryClient({ url, login: { username, password } });
  };
  const appRepository = (appId: string): Repository => ({ space: COMMON_SPACE, name: appId });
  const client = parts.client ?? makeKubeClient(await openKubeAccess(config.kubeconfig));
  const running: Running[] = parts.client ? [] : [{ stop: () => client.close() }];
  const stop = async () => {
    for (let last = running.pop(); last; last = running.pop()) await last.stop();
  };
  try {
    const builderImage = await provideImage(config.builderImage ?? "", "conifer/builder", clientOf);
    const runImage = await provideImage(config.runImage ?? "", "conifer/run", clientOf);
    const other = await provideOther(config, clientOf, nodesRegistry);
    const trust = await readTrust(config.caBundle);
    const common: Common = {
      placement: {
        ...bounds,
        builderImage: `${nodesRegistry}/${builderImage.repository}@${builderImage.digest}`,
        pullSecrets: [PULL_SECRET],
        // The images of builds are made for the processors that this process runs on, as those of dynos are.
        nodeSelector: { "kubernetes.io/arch": ARCHITECTURE },
        user: { uid: RUN_USER.uid, gid: RUN_USER.gid },
        priorityClass: PRIORITY_CLASS,
        dnsPolicy: parts.systemNamespace ? "ClusterFirst" : "Default",
        ...(trust ? { trust: TRUST } : {}),
        lostNodeSeconds: LOST_NODE_SECONDS,
      },
      options: {
        ...{ client, sources, logger, runImage, troubleMs },
        openRegistry: (appId) => clientOf(appRepository(appId)),
        repositoryOf: (appId) => repositoryName(appRepository(appId)),
        podRegistry: (appId, until) => openRepository(appRepository(appId), until),
        ...{ other, architectures: config.architectures },
        builders: await buildersOf(parts, nodesRegistry),
        runtimeSources: config.runtimeSources,
        hostEnv: operatorVariables(parts.hostEnv),
        sourceLimits: SOURCE_LIMITS,
        imageLimitBytes: bounds.diskBytes,
        ...{ kept: 20, keptMs: 30 * MINUTE_MS, now: systemClock },
      },
      ...{ quota, trust, running },
      systemNamespace: parts.systemNamespace,
      makeLogin: (now) => dockerConfigJson(issuePullCredential(COMMON_SPACE, now, keys), [nodesRegistry]),
    };
    const builder = await startIn({ namespace: config.buildNamespace }, common);
    if (config.dockerfileNamespace === undefined) return { builder, stop };
    const place = { namespace: config.dockerfileNamespace, ofDockerfiles: true } as const;
    return { builder: buildersByStack(builder, await startIn(place, common)), stop };
  } catch (thrown) {
    await stop().catch(() => {});
    throw thrown;
  }
}

/** What builds have in common, whatever they are of. */
interface Common {
  readonly placement: Omit<BuilderOptions["placement"], "namespace">;
  readonly options: Omit<BuilderOptions, "placement" | "ofDockerfiles">;
  readonly quota: BuildBounds["quota"];
  readonly trust: string | undefined;
  readonly systemNamespace: string | undefined;
  readonly makeLogin: Parameters<typeof keepPullSecret>[0]["make"];
  /** What is to be stopped, the last first. */
  readonly running: Running[];
}

type BuilderOptions = Parameters<typeof startKubernetesBuilder>[0];

/** Makes a namespace ready for builds and starts what watches them there. */
async function startIn(
  { namespace, ofDockerfiles }: { readonly namespace: string; readonly ofDockerfiles?: true },
  { placement, options, quota, trust, systemNamespace, makeLogin, running }: Common,
): Promise<Builder> {
  const { client, logger } = options;
  const space = {
    ...{ namespace, priorityClass: PRIORITY_CLASS, quota },
    ...(systemNamespace ? { systemNamespace } : {}),
    ...(ofDockerfiles ? { level: "privileged" as const } : {}),
  };
  await ensureBuildSpace(
    client,
    [...makeBuildSpace(space), ...(trust ? [makeTrust(namespace, trust)] : [])],
    logger,
  );
  running.push(await keepPullSecret({ client, namespace, logger, make: makeLogin, now: systemClock }));
  const builds = await startKubernetesBuilder({
    ...options,
    placement: { ...placement, namespace },
    ...(ofDockerfiles ? { ofDockerfiles } : {}),
  });
  running.push(builds);
  return builds.builder;
}

/** Where builder images of others come from, and where nodes find them then. */
async function buildersOf({ config, hostEnv }: ClusterBuildsParts, nodesRegistry: string) {
  return {
    ...(await readRegistryAccess(config, hostEnv)),
    architecture: ARCHITECTURE,
    usual: config.defaultBuilder,
    imageIn: (repository: string, digest: string) => `${nodesRegistry}/${repository}@${digest}`,
  };
}

/**
 * Sees to it that the registry has an image: one in a folder is pushed, what is there already is not; one that is named
 * `<repository>@<digest>` must be there.
 */
async function provideImage(
  named: string,
  repository: string,
  clientOf: (repository: Repository) => ReturnType<typeof makeRegistryClient>,
): Promise<{ readonly repository: string; readonly digest: string }> {
  const [given = "", atDigest] = named.split("@");
  const where = atDigest ? given : repository;
  const parsed = parseRepository(where);
  if (!parsed) throw new Error(`"${named}" is no image of the registry, such as ${repository}@sha256:…`);
  const client = clientOf(parsed);
  try {
    if (!atDigest) return { repository: where, digest: await pushLayout(named, where, client) };
    if (await client.pullManifest(where, atDigest)) return { repository: where, digest: atDigest };
    throw new Error(`The registry has no image ${named}. Push it there, or name another.`);
  } finally {
    await client.close();
  }
}

/** The platform's own images for the processors that Conifer does not run on; undefined unless both are named. */
async function provideOther(
  { otherBuilderImage, otherRunImage }: ClusterBuildsParts["config"],
  clientOf: (repository: Repository) => ReturnType<typeof makeRegistryClient>,
  nodesRegistry: string,
) {
  if (otherBuilderImage === undefined || otherRunImage === undefined) return undefined;
  const builder = await provideImage(otherBuilderImage, "conifer/builder", clientOf);
  return {
    builderImage: `${nodesRegistry}/${builder.repository}@${builder.digest}`,
    runImage: await provideImage(otherRunImage, "conifer/run", clientOf),
  };
}

/** Where distributions keep the certificates that a machine trusts. */
const HOST_BUNDLES = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

/** The operator's certificates, else this machine's; undefined when there are none and the image's own are trusted. */
async function readTrust(caBundle: string | undefined): Promise<string | undefined> {
  for (const path of caBundle ? [caBundle] : HOST_BUNDLES) {
    const text = await readFile(path, "utf8").catch((thrown) => {
      if (caBundle) throw thrown;
      return "";
    });
    if (text.length > LONGEST_TRUST)
      throw new Error(`${path} has more than ${LONGEST_TRUST} bytes, the most that pods can be given.`);
    if (text !== "") return text;
  }
  return undefined;
}
