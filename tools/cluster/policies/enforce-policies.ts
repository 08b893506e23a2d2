import { watch } from "node:fs";
import { mkdir } from "node:fs/promises";
import {
  KIND,
  type KubeClient,
  type KubeKind,
  type KubeObject,
  type Pod,
  watchObjects,
} from "../../../platform/src/drivers/kubernetes/client/index.ts";
import { errorText, type Logger, pause, type Running } from "../../../platform/src/kernel/index.ts";
import { fencesOf } from "./allowed-flows.ts";
import { filterRules } from "./filter-rules.ts";
import type { Labels, NetworkPolicy } from "./network-policy.ts";
import { readSightings, withSightings } from "./pod-sightings.ts";
import { type SeenPod, seePod } from "./seen-pod.ts";

export interface EnforcerOptions {
  readonly client: Pick<KubeClient, "list" | "stream">;
  /** The node whose pods are fenced in. */
  readonly node: string;
  /** The network device that its pods hang on. */
  readonly bridge: string;
  /** Where libcni keeps its results, and the network's name in them. */
  readonly results: { readonly folder: string; readonly network: string };
  /** Puts rules into the node's packet filter; `filterRules` says in which words. */
  readonly write: (rules: string) => Promise<unknown>;
  readonly logger: Logger;
  readonly timing?: Partial<EnforcerTiming>;
}

interface EnforcerTiming {
  /** Changes that come together are written together. */
  readonly gatherMs: number;
  /** The rules are written so often even if nothing has changed, for somebody may have. */
  readonly rewriteMs: number;
  readonly retryMs: number;
  /** The longest pause while the API server is away. */
  readonly longestRetryMs: number;
}

const TIMING: EnforcerTiming = { gatherMs: 3, rewriteMs: 30_000, retryMs: 1_000, longestRetryMs: 1_000 };
/** With many pods the rules take long to make: so many times as long is then waited for more changes. */
const REST = 4;
const ANY = "";

/**
 * Keeps a node's packet filter as the cluster's network policies want it, until it is stopped; what is in the filter then
 * stays. Nothing is written before everything has been listed once. While the API server is away the rules stay as they
 * were: pods that begin meanwhile reach nobody.
 */
export async function startPolicyEnforcer(options: EnforcerOptions): Promise<Running> {
  const timing = { ...TIMING, ...options.timing };
  const { folder } = options.results;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const stopping = new AbortController();
  const bell = new Bell();
  const following = { ...options, longestRetryMs: timing.longestRetryMs, onChange: () => bell.ring() };
  const policies = follow<NetworkPolicy, NetworkPolicy>(following, KIND.networkPolicy, (policy) => policy);
  const namespaces = follow<KubeObject, Labels>(
    following,
    KIND.namespace,
    (one) => one.metadata.labels ?? {},
  );
  const pods = follow<Pod, SeenPod>(following, KIND.pod, seePod);
  const results = watch(folder, () => bell.ring());
  const rules = async () => {
    const { node, bridge } = options;
    const sightings = await readSightings(folder, options.results.network);
    const all = withSightings([...pods.found.values()], sightings);
    const labels = [...namespaces.found].map(([key, own]) => [key.slice(1), own] as const);
    const world = { policies: [...policies.found.values()], namespaces: new Map(labels), pods: all };
    const own = all.filter((pod) => pod.node === node);
    return { text: filterRules(bridge, fencesOf(world, own)), pods: own.length };
  };
  const loop = async () => {
    await Promise.all([policies.ready, namespaces.ready, pods.ready]);
    let written = "";
    while (!stopping.signal.aborted) {
      bell.calm();
      const began = performance.now();
      try {
        const { text, pods: count } = await rules();
        if (text !== written || bell.isLate) {
          await options.write(text);
          if (written === "") options.logger.info("network policies are enforced", { pods: count });
          written = text;
        }
        const took = performance.now() - began;
        await bell.wait(timing.rewriteMs, stopping.signal);
        await pause(Math.max(timing.gatherMs, took * REST), stopping.signal);
      } catch (thrown) {
        options.logger.error("the packet filter was not written, will try again", {
          error: errorText(thrown),
        });
        written = "";
        await pause(timing.retryMs, stopping.signal);
      }
    }
  };
  const running = loop();
  return {
    stop: async () => {
      stopping.abort();
      results.close();
      await Promise.all([policies, namespaces, pods].map((one) => one.stop()));
      await running;
    },
  };
}

interface Followed<S> extends Running {
  /** By namespace, a slash, and name. */
  readonly found: ReadonlyMap<string, S>;
  readonly ready: Promise<void>;
}

interface Following extends Pick<EnforcerOptions, "client" | "logger"> {
  readonly longestRetryMs: number;
  readonly onChange: () => void;
}

/** All objects of a kind, in all namespaces, as far as `see` finds something in them. */
function follow<T extends KubeObject, S>(
  { client, logger, longestRetryMs, onChange }: Following,
  kind: KubeKind,
  see: (object: T) => S | undefined,
): Followed<S> {
  const found = new Map<string, S>();
  const put = (object: T) => {
    const seen = see(object);
    if (seen === undefined) found.delete(keyOf(object));
    else found.set(keyOf(object), seen);
  };
  const { ready, stop } = watchObjects<T>({
    ...{ client, logger, place: { kind }, labelSelector: ANY, timing: { longestRetryMs } },
    listener: {
      replaced: (objects) => {
        found.clear();
        for (const object of objects) put(object);
        onChange();
      },
      changed: (object) => {
        put(object);
        onChange();
      },
      removed: (object) => {
        found.delete(keyOf(object));
        onChange();
      },
    },
  });
  return { found, ready, stop };
}

const keyOf = ({ metadata }: KubeObject) => `${metadata.namespace ?? ""}/${metadata.name}`;

/** Rings when something has changed; a ring that nobody waited for is not lost. */
class Bell {
  /** Whether the last waiting ended without a ring. */
  isLate = false;
  #rung = new AbortController();

  ring(): void {
    this.#rung.abort();
  }

  /** What comes after this has not been seen yet. */
  calm(): void {
    this.#rung = new AbortController();
  }

  async wait(atMostMs: number, signal: AbortSignal): Promise<void> {
    const { signal: rung } = this.#rung;
    await pause(atMostMs, AbortSignal.any([signal, rung]));
    this.isLate = !rung.aborted;
  }
}
