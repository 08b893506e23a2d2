/**
 * Where journeys may end otherwise on Kubernetes than on one machine, and why. Everything else must hold on both; the list
 * has five entries at the most.
 */
export const ENGINE_DIFFERENCES = {
  "the processes of one machine":
    "The journeys `faults` and `midway-kills` kill and count processes of `npm start`, and are left out. An installation has pods instead, whose ends other suites try.",
  "where a process listens":
    "R10 tells the address found in the sandbox. A pod's sockets are seen by no other pod, so the line says only that the port was not opened.",
  "what one machine has room for":
    "A cluster's scheduler decides what its nodes have room for, and its engine lets no app sleep (record 48).",
} as const;

export type EngineDifference = keyof typeof ENGINE_DIFFERENCES;

/** Whether these journeys run against pods. */
export const onKubernetes = process.env.CONIFER_ENGINE === "kubernetes";

/** For `describe.skipIf` and `test.skipIf`: true where the difference is. */
export function differs(_difference: EngineDifference): boolean {
  return onKubernetes;
}
