import { errorText, type Logger } from "../../../kernel/index.ts";
import { type KubeClient, KubeError, type Pod } from "../client/index.ts";
import { type BuildPlacement, makeBuildPod } from "./build-pod.ts";

/** Asked for by name only; nothing is made. */
const ASKED = { id: "asked", appId: "asked", ownerId: "asked", timeoutSeconds: 1 };

/**
 * Whether the cluster sets memory aside for a pod as a whole (`spec.resources`, Kubernetes 1.34 by default): others refuse the
 * field, or drop it. The server is asked with a pod that it checks and does not keep, until it has said so once. Throws
 * KubeError as the making of a pod would.
 */
export function askPodMemory(
  client: KubeClient,
  placement: BuildPlacement,
  logger: Logger,
): () => Promise<boolean> {
  let known: boolean | undefined;
  const ask = async () => {
    const pod = makeBuildPod(ASKED, 1, { placement, hostEnv: {}, isWhole: true });
    try {
      const taken = await client.apply<Pod>(pod, { dryRun: true });
      return taken.spec.resources !== undefined;
    } catch (thrown) {
      if (!(thrown instanceof KubeError) || !isUnknownField(thrown)) throw thrown;
      logger.info("this cluster sets no memory aside for whole pods", { error: errorText(thrown) });
      return false;
    }
  };
  return async () => {
    known ??= await ask();
    return known;
  };
}

/** As an apply of a field says that the server's schema lacks. */
const isUnknownField = ({ status, message }: KubeError) =>
  (status === 400 || status === 422 || status === 500) && /spec\.resources/.test(message);
