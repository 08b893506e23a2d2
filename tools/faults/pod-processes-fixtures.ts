import { processIds, readIfThere } from "../../conformance/src/passing-files.ts";
import type { Pod } from "../../platform/src/drivers/kubernetes/client/index.ts";

/**
 * The processes of a pod as this machine sees them: a development cluster's nodes are namespaces of it. Found by the pod's
 * cgroup, which no other pod of any cluster has.
 */
export function podProcesses({ metadata }: Pod): readonly PodProcess[] {
  return processIds()
    .filter((pid) => readIfThere(`/proc/${pid}/cgroup`).includes(`/pod${metadata.uid}/`))
    .map((pid) => ({
      pid,
      isFirst: /^NSpid:.*\t1$/m.test(readIfThere(`/proc/${pid}/status`)),
      command: readIfThere(`/proc/${pid}/cmdline`).split("\0").join(" ").trim(),
    }));
}

interface PodProcess {
  readonly pid: number;
  /** Whether it is the first of its container, whose end is the container's. */
  readonly isFirst: boolean;
  readonly command: string;
}

/** The first process of its container; what is below it ends with it. That which holds the pod is none of them. */
export function firstProcess(pod: Pod): number {
  const found = podProcesses(pod).find(({ isFirst, command }) => isFirst && !/\bpause\b/.test(command));
  if (!found) throw new Error(`no process of ${pod.metadata.name} runs on this machine`);
  return found.pid;
}

/** kill -9 of the container's first process. */
export function killPod(pod: Pod): void {
  process.kill(firstProcess(pod), "SIGKILL");
}
