import { findNodes, seeProcesses } from "../../tools/cluster/cluster-processes.ts";
import { pauseProgram } from "../../tools/cluster/pause-program.ts";

/** The programs of a cluster's control plane, which are the first node's. */
export const CONTROL_PLANE = ["kube-apiserver", "etcd", "kube-scheduler", "kube-controller-manager"] as const;

/** Pauses a program of a cluster of ours; it also goes on when this process is told to end. */
export function pauseForMeasure(cluster: string, program: string): () => void {
  const goOn = pauseProgram(findNodes(cluster, seeProcesses()), program);
  const end = () => {
    again();
    process.exit(1);
  };
  const again = () => {
    for (const signal of ENDS) process.off(signal, end);
    goOn();
  };
  for (const signal of ENDS) process.once(signal, end);
  return again;
}

const ENDS = ["SIGINT", "SIGTERM"] as const;
