import { onKubernetes } from "./engine-differences.ts";

/**
 * How many times longer limits are on a cluster, whose nodes and other suites share this machine's processors. Limits end
 * what hangs; how long things take is what `npm run bench` is for.
 */
const ON_A_CLUSTER = 3;

/** A limit in milliseconds, for the engine that is tried. */
export function patience(ms: number): number {
  return onKubernetes ? ms * ON_A_CLUSTER : ms;
}
