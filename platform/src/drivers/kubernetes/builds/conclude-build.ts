import type { BuildNews, BuildResult, BuildSpec } from "../../../delivery/build/index.ts";
import { type ImageInfo, MEDIA, readImageInfo } from "../../../delivery/image/index.ts";
import { errorText } from "../../../kernel/index.ts";
import { KIND, type Pod } from "../client/index.ts";
import { BUILDER_OF_IMAGE, RUN_USER_OF_IMAGE } from "./build-labels.ts";
import type { KubernetesBuilderOptions } from "./builder-options.ts";
import type { PodEnd } from "./follow-pod.ts";
import { readRepository } from "./repository-content.ts";
import { endPod, forgetTask } from "./start-attempt.ts";
import { takeContainers } from "./take-containers.ts";

/**
 * Makes a result of a pod's end. The image is what the registry has, whatever the pod says; it is the app's newest from then
 * on. Doing it again, or in two processes at once, gives the same.
 */
export async function* concludeBuild(
  end: PodEnd,
  spec: BuildSpec,
  pod: Pod,
  options: KubernetesBuilderOptions,
): AsyncGenerator<BuildNews, BuildResult> {
  const { client, logger } = options;
  const tidy = async (work: () => Promise<unknown>) => {
    await work().catch((error) =>
      logger.info("a build's pod could not be tidied", { error: errorText(error) }),
    );
  };
  switch (end.kind) {
    case "image":
      await tidy(() => forgetTask(client, pod, spec.id));
      return options.ofDockerfiles
        ? await takeContainers(end.digest, spec, options)
        : await takeImage(end.digest, { spec, known: knownOf(pod) }, options);
    case "failed":
    case "cancelled":
      await tidy(() => endPod(client, pod, { cancelled: end.kind === "cancelled" }));
      // One that has no node is ended by nobody.
      if (end.kind === "failed") await tidy(() => removeUnplaced(pod, client));
      await tidy(() => forgetTask(client, pod, spec.id));
      return end;
    case "taken":
      await tidy(() => forgetTask(client, pod, spec.id));
      return { kind: "lost", message: end.message };
    case "broken":
      yield { kind: "output", text: ` !     ${end.message}\n` };
      await tidy(() =>
        client.remove({ kind: KIND.pod, namespace: pod.metadata.namespace ?? "" }, pod.metadata.name),
      );
      await tidy(() => forgetTask(client, pod, spec.id));
      return { kind: "lost", message: end.message };
  }
}

/** Told by the pod as it is now: it may have got a node since it was made. */
async function removeUnplaced({ metadata }: Pod, client: KubernetesBuilderOptions["client"]): Promise<void> {
  const place = { kind: KIND.pod, namespace: metadata.namespace ?? "" };
  const now = await client.get<Pod>(place, metadata.name);
  const isUnplaced = now?.status?.conditions?.some(
    ({ type, status }) => type === "PodScheduled" && status === "False",
  );
  if (isUnplaced) await client.remove(place, metadata.name);
}

/** What is known of an image from a builder of somebody else's, beside what the image says. */
function knownOf({ metadata: { annotations = {} } }: Pod): Pick<ImageInfo, "user" | "builder"> {
  const [, uid, gid] = /^(\d+):(\d+)$/.exec(annotations[RUN_USER_OF_IMAGE] ?? "") ?? [];
  const builder = annotations[BUILDER_OF_IMAGE];
  return {
    ...(uid === undefined ? {} : { user: { uid: Number(uid), gid: Number(gid) } }),
    ...(builder === undefined ? {} : { builder }),
  };
}

/** The tag of an app's newest image. */
export const NEWEST = "latest";

async function takeImage(
  digest: string,
  { spec, known }: { readonly spec: BuildSpec; readonly known: Pick<ImageInfo, "user" | "builder"> },
  { openRegistry, repositoryOf, platform }: KubernetesBuilderOptions,
): Promise<BuildResult> {
  const registry = openRegistry(spec.appId);
  const repository = repositoryOf(spec.appId);
  try {
    const image = await readImageInfo(readRepository(registry, repository), digest);
    const manifest = platform ? undefined : await registry.pullManifest(repository, digest);
    if (manifest)
      await registry.pushManifest(repository, NEWEST, { mediaType: MEDIA.manifest, bytes: manifest.bytes });
    return { kind: "succeeded", image: { ...image, ...known } };
  } catch (thrown) {
    return { kind: "lost", message: `The build's image could not be read back: ${errorText(thrown)}.` };
  } finally {
    await registry.close();
  }
}
