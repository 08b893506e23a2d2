import { text } from "node:stream/consumers";
import type { KubeClient } from "./kube-client.ts";
import { openPodStream } from "./pod-stream.ts";

/** How a command that was run in a pod's container ended. */
export interface PodCommandEnd {
  readonly exitCode: number | undefined;
  /** Both outputs. */
  readonly output: string;
}

export interface PodPlace {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** Runs a command in a container, with nothing to read. */
export async function runInPod(
  { access }: Pick<KubeClient, "access">,
  place: PodPlace,
  command: readonly string[],
): Promise<PodCommandEnd> {
  const stream = await openPodStream(access, { ...place, terminal: false, kind: "exec", command });
  stream.stdin.end();
  const [out, err, end] = await Promise.all([text(stream.stdout), text(stream.stderr), stream.ended]);
  return { exitCode: end.exitCode, output: `${out}${err}` };
}

/** Whether a connection can be made from a container that has busybox; one that is dropped counts after a second as none. */
export async function reaches(
  client: Pick<KubeClient, "access">,
  from: PodPlace,
  to: { readonly address: string; readonly port: number },
): Promise<boolean> {
  const command = [
    "/bin/busybox",
    "nc",
    "-w",
    "1",
    to.address,
    String(to.port),
    "-e",
    "/bin/busybox",
    "true",
  ];
  const { exitCode, output } = await runInPod(client, from, command);
  if (exitCode === 0) return true;
  if (/timed out|refused|unreachable|No route/i.test(output)) return false;
  throw new Error(`nc ended with ${exitCode}: ${output}`);
}
