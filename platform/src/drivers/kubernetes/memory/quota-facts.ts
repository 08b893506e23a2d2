import type { Pod } from "../client/index.ts";
import { ANNOTATION, CONTAINER, LABEL } from "../dynos/index.ts";

/** What must be known of a pod to compare its dyno's memory with its quota. */
export interface QuotaFacts {
  readonly uid: string;
  readonly appId: string;
  /** The dyno's name, as it is now. */
  readonly name: string;
  /** The running container, as the runtime calls it. */
  readonly containerId: string;
  readonly quotaBytes: number;
}

/** Undefined for a pod that is no dyno, or whose process does not run: then nothing is to be said of its memory. */
export function readQuotaFacts(pod: Pod): QuotaFacts | undefined {
  const { uid, labels, annotations } = pod.metadata;
  const appId = labels?.[LABEL.app];
  const name = annotations?.[ANNOTATION.name] ?? labels?.[LABEL.name];
  const status = pod.status?.containerStatuses?.find((container) => container.name === CONTAINER);
  const [, containerId] = /^[a-z-]+:\/\/([\w-]+)$/.exec(status?.containerID ?? "") ?? [];
  const quotaBytes = readBytes(requestedMemory(pod));
  if (!uid || !appId || !name || !labels?.[LABEL.dyno]) return undefined;
  if (!containerId || !status?.state?.running || quotaBytes === undefined) return undefined;
  return { uid, appId, name, containerId, quotaBytes };
}

/** A dyno asks its node for as much memory as its quota is. */
function requestedMemory({ spec }: Pod): unknown {
  const containers = (spec as { readonly containers?: readonly ContainerWishes[] }).containers;
  return containers?.find(({ name }) => name === CONTAINER)?.resources?.requests?.memory;
}

interface ContainerWishes {
  readonly name: string;
  readonly resources?: { readonly requests?: { readonly memory?: unknown } };
}

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  ...Object.fromEntries(["k", "M", "G", "T", "P"].map((unit, i) => [unit, 1_000 ** (i + 1)])),
  ...Object.fromEntries(["Ki", "Mi", "Gi", "Ti", "Pi"].map((unit, i) => [unit, 1_024 ** (i + 1)])),
};

/** An amount of bytes as Kubernetes writes it: `536870912`, `512Mi`, `1e9`. Undefined for anything else, and for nothing. */
export function readBytes(quantity: unknown): number | undefined {
  const [, digits = "", unit = ""] = /^(\d+(?:\.\d+)?(?:[eE]\d+)?)([kMGTP]?i?)$/.exec(String(quantity)) ?? [];
  const factor = UNITS[unit];
  const bytes = factor === undefined || digits === "" ? 0 : Number(digits) * factor;
  return bytes > 0 && Number.isFinite(bytes) ? bytes : undefined;
}
