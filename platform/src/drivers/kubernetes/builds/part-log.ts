import { errorText, type Logger, pause } from "../../../kernel/index.ts";
import { isNotFound, KIND, type KubeClient, objectPath } from "../client/index.ts";
import type { PartName } from "./build-parts.ts";

export interface PartLogOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly pod: string;
  readonly part: PartName;
  readonly logger: Logger;
  /** Whether the container has ended, so that an end of its log is the end. */
  readonly hasEnded: () => boolean;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Everything a container writes, from the beginning. A reading that breaks off is begun again and what was read is left
 * out. Returns at the end of the log, or when the signal aborts.
 */
export async function* readPartLog(options: PartLogOptions, signal: AbortSignal): AsyncGenerator<Buffer> {
  const { client, namespace, pod, part } = options;
  const path = `${objectPath(KIND.pod, { namespace, name: pod })}/log`;
  let got = 0;
  for (let failures = 0; !signal.aborted; ) {
    try {
      const wasOver = options.hasEnded();
      let skip = got;
      for await (const chunk of await client.stream(path, { container: part, follow: true }, signal)) {
        const bytes = chunk as Buffer;
        const fresh = bytes.subarray(Math.min(skip, bytes.length));
        skip -= bytes.length - fresh.length;
        got += fresh.length;
        failures = 0;
        if (fresh.length > 0) yield fresh;
      }
      if (wasOver) return;
    } catch (thrown) {
      if (signal.aborted || isNotFound(thrown)) return;
      failures += 1;
      if (failures === 1)
        options.logger.info("a build's log broke off, will read on", { pod, part, error: errorText(thrown) });
    }
    await pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures), signal);
  }
}
