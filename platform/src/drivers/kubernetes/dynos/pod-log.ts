import { errorText, type Logger, type LogSink, pause } from "../../../kernel/index.ts";
import { makeDynoOutput } from "../../../observe/log/index.ts";
import { isNotFound, KIND, type KubeClient, KubeError, objectPath, splitDocuments } from "../client/index.ts";
import { CONTAINER } from "./dyno-manifests.ts";
import { makeLogCursor, parseStampedLine } from "./log-cursor.ts";

export interface PodLogOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly pod: string;
  readonly appId: string;
  /** Gives each line the name the dyno has at that moment. */
  readonly name: () => string;
  readonly sink: LogSink;
  readonly logger: Logger;
  /** Lines from before are not told. */
  readonly from?: Date;
}

/** Reads what a pod's process writes, run after run, until the pod is gone. */
export interface PodLog {
  /** Its process runs, or ran, for so many times after the first. */
  reached(run: number): void;
  /** The pod has gone; what still comes is read for a moment. */
  gone(): void;
  close(): void;
  /** Resolves when what run `run` wrote has been told, or nothing more can be read. */
  told(run: number): Promise<void>;
  readonly ended: Promise<void>;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
const AFTER_GONE_MS = 2_000;

/**
 * Follows the present run. Where one has ended before it was read to its end, the node still has it as the previous
 * one. A reading that breaks off is begun again a little before where it was, and no line is told twice.
 */
export function followPodLog(options: PodLogOptions): PodLog {
  const stopping = new AbortController();
  const cursor = makeLogCursor(options.from);
  let reached = -1;
  const done = makeProgress();
  let wake = () => {};
  let time = new Date();
  const { appId, name, sink } = options;
  const output = makeDynoOutput({
    appId,
    process: name(),
    sink: { write: (line) => sink.write({ ...line, process: name() }) },
    now: () => time,
  });
  const take = (line: string) => {
    const stamped = parseStampedLine(line);
    if (!stamped || !cursor.accept(stamped)) return;
    time = new Date(stamped.stamp);
    output.write(Buffer.from(`${stamped.text}\n`));
  };
  const read = async (previous: boolean) => {
    cursor.rewind();
    const path = `${objectPath(KIND.pod, { namespace: options.namespace, name: options.pod })}/log`;
    const query = {
      ...{ container: CONTAINER, timestamps: true, follow: !previous, previous },
      sinceTime: cursor.since(),
    };
    const body = await options.client.stream(path, query, stopping.signal);
    for await (const line of splitDocuments(body)) take(line);
  };
  const follow = async () => {
    for (let failures = 0; !stopping.signal.aborted; ) {
      if (done.at() >= reached) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (done.at() < reached || stopping.signal.aborted) resolve();
        });
        continue;
      }
      const run = reached;
      try {
        if (done.at() < run - 1) await read(true).catch(ignoreMissing);
        await read(false);
        done.reach(run);
        failures = 0;
      } catch (thrown) {
        if (stopping.signal.aborted || isNotFound(thrown)) break;
        failures++;
        if (failures === 1)
          options.logger.info("a dyno's log broke off, will read on", {
            pod: options.pod,
            error: errorText(thrown),
          });
        await pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1)), stopping.signal);
      }
    }
  };
  const ended = follow();
  const close = () => {
    stopping.abort();
    wake();
  };
  return {
    reached: (run) => {
      reached = Math.max(reached, run);
      wake();
    },
    gone: () => void setTimeout(close, AFTER_GONE_MS).unref(),
    close,
    told: (run) => Promise.race([done.until(run), ended]),
    ended,
  };
}

/** A number that grows, and whoever waits for it. */
function makeProgress() {
  let at = -1;
  const waiting = new Set<() => void>();
  return {
    at: () => at,
    reach: (next: number) => {
      at = next;
      for (const look of [...waiting]) look();
    },
    until: (wanted: number): Promise<void> =>
      new Promise((resolve) => {
        const look = () => {
          if (at < wanted) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}

/** The run before has been forgotten by the node: nothing can be read of it. */
function ignoreMissing(thrown: unknown): void {
  if (!(thrown instanceof KubeError) || thrown.status >= 500) throw thrown;
}
