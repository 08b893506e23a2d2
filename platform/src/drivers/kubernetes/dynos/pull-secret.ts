import { type Clock, errorText, type Logger, pause, type Running } from "../../../kernel/index.ts";
import { KIND, type KubeClient, type Secret } from "../client/index.ts";
import { MANAGED_BY } from "./dyno-labels.ts";

/** What a namespace's pods pull images with. */
export const PULL_SECRET = "conifer-registry";

export interface PullSecretOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  /** The credentials of now, as the text of a `.dockerconfigjson`. */
  readonly make: (now: Date) => string;
  readonly logger: Logger;
  readonly now: Clock;
  /** Default 5 minutes. */
  readonly everyMs?: number;
}

const EVERY_MS = 300_000;

/**
 * Keeps the Secret that pods of the namespace name as theirs: it is there when this returns, and is written again now and
 * then, so that a new credential, a lost one and an edited one are all put right. The first write throws KubeError.
 */
export async function keepPullSecret(options: PullSecretOptions): Promise<Running> {
  const { client, logger, now, everyMs = EVERY_MS } = options;
  const stopping = new AbortController();
  const write = () => client.apply(makePullSecret(options.namespace, options.make(now())));
  await write();
  const keep = async () => {
    for (;;) {
      await pause(everyMs, stopping.signal);
      if (stopping.signal.aborted) return;
      await write().catch((thrown) =>
        logger.warn("the registry's credentials could not be renewed", { reason: errorText(thrown) }),
      );
    }
  };
  const kept = keep();
  return {
    stop: async () => {
      stopping.abort();
      await kept;
    },
  };
}

export function makePullSecret(namespace: string, dockerConfigJson: string): Secret {
  return {
    apiVersion: KIND.secret.apiVersion,
    kind: KIND.secret.kind,
    metadata: { name: PULL_SECRET, namespace, labels: MANAGED_BY },
    type: "kubernetes.io/dockerconfigjson",
    data: { ".dockerconfigjson": Buffer.from(dockerConfigJson).toString("base64") },
  };
}
