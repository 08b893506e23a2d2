import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type BuildSpec, waitingForRoom } from "../../../delivery/build/index.ts";
import { pause } from "../../../kernel/index.ts";
import { pinnedName } from "../../cnb/builds/index.ts";
import { isConflict, KIND, type KubeClient, KubeError, type Pod } from "../client/index.ts";
import { attemptOf, buildObjectName, CANCELLED, LABEL } from "./build-labels.ts";
import { makeBuildPod, makeBuildSecret, type PodBuilderImage } from "./build-pod.ts";
import type { BuildTask } from "./build-task.ts";
import type { KubernetesBuilderOptions } from "./builder-options.ts";
import type { ChosenBuilder } from "./choose-builder.ts";
import { makeDockerfilePod } from "./dockerfile-pod.ts";
import { pushSource } from "./push-source.ts";

const QUOTA_LOOK_MS = 1_000;
/** How much longer than the build its credential is good: for waiting, and for what comes after the limit. */
const CREDENTIAL_GRACE_MS = 3_600_000;

/** What lets the containers of a pod take turns in an image that has nothing of ours. */
export function readTakeTurn(): Promise<string> {
  return readFile(join(import.meta.dirname, "take-turn.sh"), "utf8");
}

export interface StartOptions extends KubernetesBuilderOptions {
  /** Text of take-turn.sh. */
  readonly takeTurn: string;
  /** Whether the cluster sets memory aside for a pod as a whole; see `askPodMemory`. */
  readonly setsPodMemory: () => Promise<boolean>;
}

/** The pod of the build's newest try, as the cluster has it. */
export async function findNewestPod(
  buildId: string,
  { client, placement }: Pick<KubernetesBuilderOptions, "client" | "placement">,
): Promise<Pod | undefined> {
  const place = { kind: KIND.pod, namespace: placement.namespace };
  const { items } = await client.list<Pod>(place, { labelSelector: `${LABEL.build}=${buildId}` });
  return [...items].sort((a, b) => attemptOf(b) - attemptOf(a))[0];
}

/**
 * Makes the pod of a try, or finds the one that another process has made; waits while the namespace's quota is used up.
 * Returns undefined when a signal aborts first. Throws KubeError when the cluster refuses, and RegistryRequestError when
 * the source cannot be brought to where the pod fetches it.
 */
export async function* startAttempt(
  spec: BuildSpec,
  { attempt, ...chosen }: ChosenBuilder & { readonly attempt: number },
  options: StartOptions,
  signal: AbortSignal,
): AsyncGenerator<string, Pod | undefined> {
  const { client, placement, hostEnv, sources } = options;
  const repository = options.repositoryOf(spec.appId);
  const registry = options.openRegistry(spec.appId);
  try {
    await pushSource(spec.source, sources, { client: registry, repository }, signal);
  } catch (thrown) {
    if (signal.aborted) return undefined;
    throw thrown;
  } finally {
    await registry.close();
  }
  const secret = makeBuildSecret(makeTask(spec, chosen, options), attempt, placement.namespace);
  await client.apply(secret);
  for (let told = false; !signal.aborted; ) {
    try {
      const isWhole = await options.setsPodMemory();
      const builder = podBuilder(spec, chosen, options);
      const podOptions = { placement, hostEnv, isWhole, builder };
      const make = options.ofDockerfiles ? makeDockerfilePod : makeBuildPod;
      return await client.create(make(spec, attempt, podOptions));
    } catch (thrown) {
      if (isConflict(thrown))
        return await client.get<Pod>(podPlace(placement), buildObjectName(spec.id, attempt));
      if (!isQuota(thrown)) throw thrown;
      if (!told) yield waitingForRoom("cluster", 0);
      told = true;
      await pause(QUOTA_LOOK_MS, signal);
    }
  }
  return undefined;
}

function podBuilder(
  { appId }: BuildSpec,
  { builder, bringsBuildpacks }: ChosenBuilder,
  { builders, repositoryOf, takeTurn }: StartOptions,
): PodBuilderImage | undefined {
  if (!builder) return undefined;
  const { digest, user, platformApi, runImage } = builder;
  return {
    ...{
      image: builders.imageIn(repositoryOf(appId), digest),
      user,
      platformApi,
      bringsBuildpacks,
      takeTurn,
    },
    ...{ name: pinnedName(builder.name, digest), runImage: runImage.name, runUser: runImage.user },
  };
}

function makeTask(spec: BuildSpec, { builder }: ChosenBuilder, options: KubernetesBuilderOptions): BuildTask {
  const until = new Date(options.now().getTime() + spec.timeoutSeconds * 1_000 + CREDENTIAL_GRACE_MS);
  const { runImage, runtimeSources, hostEnv, sourceLimits, imageLimitBytes } = options;
  return {
    ...{ spec, runImage, runtimeSources, hostEnv, sourceLimits, imageLimitBytes },
    registry: options.podRegistry(spec.appId, until),
    repository: options.repositoryOf(spec.appId),
    ...(builder ? { builder } : {}),
    ...options.platform,
    ...(options.ofDockerfiles ? { registries: options.builders.registries } : {}),
  };
}

function isQuota(thrown: unknown): boolean {
  return thrown instanceof KubeError && thrown.status === 403 && /exceeded quota/.test(thrown.message);
}

function podPlace({ namespace }: { readonly namespace: string }) {
  return { kind: KIND.pod, namespace };
}

/**
 * Has the cluster end a pod's processes at once, by a time limit that is over: its object and its log stay for whoever
 * comes back. A pod that is gone is no error. `cancelled` is remembered on it.
 */
export async function endPod(
  client: KubeClient,
  { metadata }: Pick<Pod, "metadata">,
  { cancelled }: { readonly cancelled: boolean },
): Promise<void> {
  const patch = {
    ...(cancelled ? { metadata: { annotations: { [CANCELLED]: "yes" } } } : {}),
    spec: { activeDeadlineSeconds: 1 },
  };
  const { namespace = "", name } = metadata;
  await client.merge(podPlace({ namespace }), name, patch).catch((thrown: unknown) => {
    if (!(thrown instanceof KubeError) || thrown.status !== 404) throw thrown;
  });
}

/** Removes what the pod was told: it holds the app's variables. */
export async function forgetTask(
  client: KubeClient,
  { metadata }: Pick<Pod, "metadata">,
  buildId: string,
): Promise<void> {
  const place = { kind: KIND.secret, namespace: metadata.namespace ?? "" };
  await client.remove(place, buildObjectName(buildId, attemptOf({ metadata })));
}
