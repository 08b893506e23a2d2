import { join } from "node:path";
import { errorText, type Logger, type LogLine, pause, type Running } from "../../../kernel/index.ts";
import type { LogStreams, StreamPiece } from "../../../observe/log/index.ts";
import { KIND, type KubeClient, type ObjectListener, type Pod, watchObjects } from "../client/index.ts";
import { LABEL, MANAGED_BY } from "../dynos/index.ts";
import { type AgentState, openAgentState } from "./agent-state.ts";
import { type FolderBell, makeFolderBell } from "./folder-bell.ts";
import { nameAt, outputFolder, type PodFacts, readPodFacts, streamName } from "./pod-facts.ts";
import { type OutputPiece, PodOutput } from "./pod-output.ts";

export interface LogAgentOptions {
  readonly client: Pick<KubeClient, "list" | "stream">;
  /** Where dynos run. */
  readonly namespace: string;
  /** The node whose pods these are. */
  readonly node: string;
  /** The node's folder of its pods' output. */
  readonly podLogs: string;
  /** A folder of the agent's own on the node. */
  readonly state: string;
  readonly streams: LogStreams;
  readonly logger: Logger;
  readonly nowMs: () => number;
  /** Also told of the node's dynos: one watch is enough for all that an agent does. */
  readonly alsoTell?: ObjectListener<Pod>;
}

interface KnownPod {
  facts: PodFacts;
  readonly output: PodOutput;
  readonly bell: FolderBell;
  /** Something may be there to be read. */
  isDue: boolean;
  quietSince: number;
  isUnkept: boolean;
}

const BUFFER_BYTES = 262_144;
/** What is sent at once, in characters and pieces. */
const BATCH_CHARACTERS = 1_048_576;
const BATCH_PIECES = 500;
/** One that has rung is looked at so often, until it has been quiet for a while. */
const HOT_MS = 25;
const QUIET_MS = 250;
/** All are looked at so often, whether their bells have rung or not. */
const POLL_MS = 500;
const KEEP_MS = 1_000;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Tells the log store what the dynos of one node write, from the files in which the node keeps it. It reads no faster
 * than the store takes; what it has not told stays in the files.
 */
export async function startLogAgent(options: LogAgentOptions): Promise<Running> {
  const stopping = new AbortController();
  const agent = new LogAgent(options, stopping.signal);
  const { client, namespace, node, logger, alsoTell } = options;
  const watching = watchObjects<Pod>({
    ...{ client, logger },
    place: { kind: KIND.pod, namespace },
    labelSelector: `${Object.entries(MANAGED_BY).map((each) => each.join("="))},${LABEL.dyno}`,
    fieldSelector: `spec.nodeName=${node}`,
    listener: {
      replaced: (pods) => {
        agent.replaced(pods);
        alsoTell?.replaced(pods);
      },
      changed: (pod) => {
        agent.changed(pod);
        alsoTell?.changed(pod);
      },
      removed: (pod) => {
        agent.removed(pod);
        alsoTell?.removed(pod);
      },
    },
  });
  const running = agent.run();
  return {
    stop: async () => {
      await watching.stop();
      stopping.abort();
      await running;
      agent.close();
    },
  };
}

class LogAgent {
  readonly #options: LogAgentOptions;
  readonly #signal: AbortSignal;
  readonly #state: AgentState;
  readonly #pods = new Map<string, KnownPod>();
  readonly #buffer = Buffer.alloc(BUFFER_BYTES);
  #wake = () => {};
  #isWoken = false;
  #polledAt = 0;
  #keptAt = 0;

  constructor(options: LogAgentOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.#state = openAgentState(options.state);
    signal.addEventListener("abort", () => this.#ring());
    for (const { facts, place } of this.#state.load()) this.#add(facts, place);
  }

  replaced(pods: readonly Pod[]): void {
    const alive = new Set(pods.map(({ metadata }) => metadata.uid));
    for (const { facts } of this.#pods.values()) if (!alive.has(facts.uid)) this.#gone(facts.uid);
    for (const pod of pods) this.changed(pod);
  }

  changed(pod: Pod): void {
    const { uid = "" } = pod.metadata;
    const known = this.#pods.get(uid);
    const facts = readPodFacts(pod, known?.facts, this.#options.nowMs());
    if (!facts) return;
    if (!known) this.#add(facts).isUnkept = true;
    else if (JSON.stringify(known.facts) !== JSON.stringify(facts))
      Object.assign(known, { facts, isUnkept: true });
    if (known) known.isDue = true;
    this.#ring();
  }

  removed(pod: Pod): void {
    this.changed(pod);
    this.#gone(pod.metadata.uid ?? "");
  }

  async run(): Promise<void> {
    let pauseMs = HOT_MS;
    while (!this.#signal.aborted) {
      try {
        this.#poll();
        const batch = await this.#gather();
        if (batch.length > 0) await this.#send(batch);
        else await this.#rest();
        pauseMs = HOT_MS;
      } catch (thrown) {
        if (this.#signal.aborted) break;
        // A file that cannot be read now; the others are read on.
        this.#options.logger.error("reading the node's output failed", { error: errorText(thrown) });
        await pause(pauseMs, this.#signal);
        pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
      }
    }
    this.#keep(true);
  }

  close(): void {
    for (const { output, bell } of this.#pods.values()) {
      bell.close();
      output.close();
    }
    this.#pods.clear();
  }

  #add(facts: PodFacts, from?: ConstructorParameters<typeof PodOutput>[0]["from"]): KnownPod {
    const { podLogs, nowMs } = this.#options;
    const folder = join(podLogs, outputFolder(facts));
    const pod: KnownPod = {
      facts,
      output: new PodOutput({ folder, scratch: this.#state.scratch, buffer: this.#buffer, nowMs, from }),
      bell: makeFolderBell(folder, () => {
        pod.isDue = true;
        this.#ring();
      }),
      ...{ isDue: true, isUnkept: false, quietSince: nowMs() },
    };
    this.#pods.set(facts.uid, pod);
    return pod;
  }

  #gone(uid: string): void {
    const pod = this.#pods.get(uid);
    if (!pod || pod.facts.isGone) return;
    pod.facts = { ...pod.facts, isGone: true };
    pod.isDue = true;
    pod.isUnkept = true;
    this.#ring();
  }

  #ring(): void {
    this.#isWoken = true;
    this.#wake();
  }

  #poll(): void {
    const now = this.#options.nowMs();
    if (now - this.#polledAt < POLL_MS) return;
    this.#polledAt = now;
    for (const pod of this.#pods.values()) pod.isDue = true;
  }

  /** One piece of each pod that has one, so that nobody waits behind one that writes a lot. */
  async #gather(): Promise<Gathered[]> {
    const batch: Gathered[] = [];
    let characters = 0;
    for (const pod of [...this.#pods.values()]) {
      if (!pod.isDue || characters >= BATCH_CHARACTERS || batch.length >= BATCH_PIECES) continue;
      const piece = await pod.output.next(endedRunOf(pod));
      if (piece) {
        batch.push({ pod, piece });
        characters += piece.lines.reduce((sum, { message }) => sum + message.length + LINE_CHARACTERS, 0);
      } else this.#nothing(pod);
    }
    // Those that were served go to the end of the queue.
    for (const { pod } of batch) {
      this.#pods.delete(pod.facts.uid);
      this.#pods.set(pod.facts.uid, pod);
      pod.quietSince = this.#options.nowMs();
    }
    return batch;
  }

  #nothing(pod: KnownPod): void {
    const { uid, isGone } = pod.facts;
    if (isGone && pod.output.isDone(endedRunOf(pod))) {
      this.#pods.delete(uid);
      pod.bell.close();
      pod.output.close();
      this.#state.forget(uid);
      return;
    }
    if (pod.bell.isArmed()) pod.isDue = false;
    // What was written before the bell was armed is looked for once more.
    else if (this.#options.nowMs() - pod.quietSince >= QUIET_MS && !pod.bell.arm()) pod.isDue = false;
  }

  async #send(batch: readonly Gathered[]): Promise<void> {
    const pieces = batch.map(toStreamPiece);
    let pauseMs = HOT_MS;
    let isTold = false;
    while (!this.#signal.aborted) {
      try {
        const places = await this.#options.streams.take(pieces, this.#signal);
        for (const [i, { pod, piece }] of batch.entries()) {
          pod.output.settle(places[i]?.offset ?? piece.from);
          pod.isUnkept = true;
        }
        if (isTold) this.#options.logger.info("the log store takes lines again");
        break;
      } catch (thrown) {
        if (this.#signal.aborted) break;
        if (!isTold)
          this.#options.logger.warn("the log store takes no lines; they wait in the node's files", {
            error: errorText(thrown),
          });
        isTold = true;
        await pause(pauseMs, this.#signal);
        pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
      }
    }
    this.#keep(false);
  }

  async #rest(): Promise<void> {
    this.#keep(false);
    if (this.#isWoken) {
      this.#isWoken = false;
      return;
    }
    const isHot = [...this.#pods.values()].some(({ isDue }) => isDue);
    const over = new AbortController();
    this.#wake = () => over.abort();
    await pause(isHot ? HOT_MS : POLL_MS, over.signal);
    this.#wake = () => {};
    this.#isWoken = false;
  }

  #keep(all: boolean): void {
    const now = this.#options.nowMs();
    if (!all && now - this.#keptAt < KEEP_MS) return;
    this.#keptAt = now;
    for (const pod of this.#pods.values()) {
      if (!pod.isUnkept) continue;
      this.#state.keep({ facts: pod.facts, place: pod.output.place });
      pod.isUnkept = false;
    }
  }
}

interface Gathered {
  readonly pod: KnownPod;
  readonly piece: OutputPiece;
}

/** What a line takes beside its message. */
const LINE_CHARACTERS = 40;

function endedRunOf({ facts }: KnownPod): number {
  return facts.isGone ? Number.POSITIVE_INFINITY : facts.endedRun;
}

function toStreamPiece({ pod: { facts }, piece }: Gathered): StreamPiece {
  const { appId } = facts;
  const { run, file, from, to, ended } = piece;
  const lines = piece.lines.map(({ ms, message }): LogLine => {
    return { appId, time: new Date(ms), source: "app", process: nameAt(facts, ms), message };
  });
  const lost = piece.isAfterLoss ? [lossBefore(appId, lines[0]?.time ?? new Date(0))] : [];
  return { stream: streamName(facts.uid, run), appId, file, from, to, lines: [...lost, ...lines], ended };
}

/** Nobody knows how many they were. */
function lossBefore(appId: string, time: Date): LogLine {
  const message =
    "Error L13 (Local delivery error): messages lost, the node removed them before they were read.";
  return { appId, time, source: "heroku", process: "logplex", message };
}
