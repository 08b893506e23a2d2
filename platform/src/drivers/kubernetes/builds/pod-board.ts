import type { Logger, Running } from "../../../kernel/index.ts";
import { isNotFound, KIND, type KubeClient, type Pod, watchObjects } from "../client/index.ts";
import { BUILDS } from "./build-labels.ts";

/** One pod as somebody follows it. */
export interface PodView {
  /** As it was seen last. */
  pod(): Pod;
  /** It is there no more. */
  gone(): boolean;
  /** Resolves at the next change, or when the signal aborts. */
  changed(signal: AbortSignal): Promise<void>;
  close(): void;
}

/** The pods of all builds as the cluster tells of them. */
export interface PodBoard extends Running {
  readonly ready: Promise<void>;
  /** Begins with the pod as it was made or read. */
  follow(pod: Pod): PodView;
  pods(): readonly Pod[];
}

interface Followed {
  pod: Pod;
  gone: boolean;
  readonly waiting: Set<() => void>;
}

export function openPodBoard(options: {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly logger: Logger;
}): PodBoard {
  const place = { kind: KIND.pod, namespace: options.namespace };
  const known = new Map<string, Pod>();
  const views = new Set<Followed>();
  const tell = (view: Followed) => {
    for (const go of [...view.waiting]) go();
  };
  const see = (pod: Pod, gone: boolean) => {
    for (const view of views) {
      if (view.pod.metadata.uid !== pod.metadata.uid) continue;
      view.pod = pod;
      view.gone ||= gone;
      tell(view);
    }
  };
  /** A list may be older than a pod that was just made: only the pod itself tells that it is gone. */
  const confirm = async (view: Followed) => {
    try {
      see(await options.client.get<Pod>(place, view.pod.metadata.name), false);
    } catch (thrown) {
      if (isNotFound(thrown)) see(view.pod, true);
    }
  };
  const watch = watchObjects<Pod>({
    ...{ client: options.client, place, labelSelector: BUILDS, logger: options.logger },
    listener: {
      replaced: (pods) => {
        known.clear();
        for (const pod of pods) known.set(pod.metadata.name, pod);
        for (const pod of pods) see(pod, false);
        for (const view of views) if (!known.has(view.pod.metadata.name)) void confirm(view);
      },
      changed: (pod) => {
        known.set(pod.metadata.name, pod);
        see(pod, false);
      },
      removed: (pod) => {
        known.delete(pod.metadata.name);
        see(pod, true);
      },
    },
  });
  return {
    ready: watch.ready,
    pods: () => [...known.values()],
    follow: (pod) => {
      const newest = known.get(pod.metadata.name) ?? pod;
      const view: Followed = {
        pod: newest.metadata.uid === pod.metadata.uid ? newest : pod,
        gone: false,
        waiting: new Set(),
      };
      views.add(view);
      return {
        pod: () => view.pod,
        gone: () => view.gone,
        changed: (signal) => nextChange(view, signal),
        close: () => void views.delete(view),
      };
    },
    stop: () => watch.stop(),
  };
}

function nextChange({ waiting }: Followed, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      waiting.delete(go);
      signal.removeEventListener("abort", go);
      resolve();
    };
    waiting.add(go);
    signal.addEventListener("abort", go, { once: true });
    if (signal.aborted) go();
  });
}
