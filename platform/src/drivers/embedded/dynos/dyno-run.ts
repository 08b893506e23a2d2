import { once } from "node:events";
import type { Readable } from "node:stream";
import {
  BusinessError,
  type Clock,
  errorText,
  type Logger,
  type LogSink,
  pause,
} from "../../../kernel/index.ts";
import { makeDynoOutput } from "../../../observe/log/index.ts";
import {
  type AttachSession,
  type DynoSpec,
  dynoTexts,
  type InsideCommand,
} from "../../../runtime/dyno/index.ts";
import type { EnteredProgram, Sandbox, Sandboxes } from "../sandbox/index.ts";
import { watchBoot } from "./boot-watch.ts";
import { type DiskBounds, type DiskRoom, watchWritten } from "./disk-watch.ts";
import type { DynoEvent } from "./dyno-machine.ts";
import { type DynoImage, dynoProgram, insideProgram } from "./dyno-program.ts";
import type { PortPool } from "./port-pool.ts";
import { watchQuota } from "./quota-watch.ts";

export interface RunDependencies {
  readonly sandboxes: Sandboxes;
  /** Makes an image ready to run; `whole` when its files are all there is. */
  readonly unpackImage: (digest: string, whole: boolean) => Promise<DynoImage>;
  readonly ports: PortPool;
  readonly logs: LogSink;
  readonly now: Clock;
  readonly logger: Logger;
  /** What a dyno may write to its files, and how often that is looked at. Missing: as much as the disk holds. */
  readonly disk?: DiskBounds & { readonly sampleMs?: number; readonly room: DiskRoom };
}

export interface RunOptions {
  readonly spec: DynoSpec;
  readonly sandboxId: string;
  readonly directory: string;
  /** Where a line of output goes: the dyno's name may change while it runs. */
  readonly sink: LogSink;
  readonly session?: AttachSession;
  readonly terminal?: { readonly columns: number; readonly rows: number };
  /** Told what happens, never within a call of this run. `exited` or `failed` comes last, exactly once. */
  readonly tell: (event: DynoEvent) => void;
}

/** One life of a dyno's process, from its image to its last trace. */
export interface DynoRun {
  signal(name: "SIGTERM" | "SIGHUP"): void;
  kill(): void;
  /** Freezes it unless a connection is open; undefined where that cannot be done. */
  freeze(): Promise<"frozen" | "busy" | undefined>;
  thaw(): void;
  /** Starts a command beside the dyno's process. Throws while there is none. */
  enter(command: InsideCommand): Promise<EnteredProgram>;
  /** Resolves when nothing of it is left on this machine. Never rejects. */
  readonly gone: Promise<void>;
}

const EXIT_BEFORE_START = 143;
const OUTPUT_WITHIN_MS = 10_000;

/** Begins a run; returns before anything has happened. */
export function beginRun(deps: RunDependencies, options: RunOptions): DynoRun {
  let sandbox: Sandbox | undefined;
  let image: DynoImage | undefined;
  let port = 0;
  let over = false;
  const stopWatching = new AbortController();
  const finish = (event: DynoEvent) => {
    if (over) return;
    over = true;
    stopWatching.abort();
    options.session?.end();
    queueMicrotask(() => options.tell(event));
  };
  const tell = (event: DynoEvent) => {
    if (!over) options.tell(event);
  };
  const live = async () => {
    try {
      image = await deps.unpackImage(options.spec.image, options.spec.container !== undefined);
    } catch (thrown) {
      return finish(failure("image", thrown, deps.logger));
    }
    if (over) return;
    try {
      port = deps.ports.take();
      const attach = options.session && (options.terminal ? { terminal: options.terminal } : {});
      sandbox = await deps.sandboxes.start(
        dynoProgram({ ...options, image, port, ...(attach ? { attach } : {}) }),
      );
    } catch (thrown) {
      return finish(failure(thrown instanceof BusinessError ? "image" : "platform", thrown, deps.logger));
    }
    if (over) return;
    const outputs = connect(sandbox, options, deps);
    tell({ kind: "started" });
    void followMemory(sandbox, options, deps, stopWatching.signal);
    const disk = followDisk(sandbox, options, deps, stopWatching.signal);
    if (options.spec.duty !== "work")
      void followBoot(sandbox, { port, spec: options.spec, tell, signal: stopWatching.signal });
    const { code, signal, setUpError } = await sandbox.exited;
    stopWatching.abort();
    const slow = new AbortController();
    await Promise.race([outputs, pause(OUTPUT_WITHIN_MS, slow.signal)]).finally(() => slow.abort());
    if (setUpError) return finish(failure("platform", new Error(setUpError), deps.logger));
    const outOfMemory = await sandbox.ranOutOfMemory().catch(() => false);
    finish(exitOf({ code, signal, outOfMemory, outOfDisk: disk.exceeded() }));
  };
  const gone = live()
    .catch((thrown) => finish(failure("platform", thrown, deps.logger)))
    .then(() => sandbox?.cleanUp())
    .catch((thrown) =>
      deps.logger.error("a dyno left something behind", { dyno: options.spec.id, error: errorText(thrown) }),
    )
    .then(() => {
      image?.giveBack();
      deps.ports.release(port);
    });
  return {
    signal: (name) => {
      if (sandbox) sandbox.signal(name);
      else finish({ kind: "exited", code: EXIT_BEFORE_START });
    },
    kill: () => {
      if (sandbox) sandbox.kill();
      else finish({ kind: "exited", code: EXIT_BEFORE_START });
    },
    freeze: async () => {
      if (!sandbox || !deps.sandboxes.abilities.freezer) return undefined;
      if (await sandbox.hasConnections(port)) return "busy";
      await sandbox.freeze();
      return "frozen";
    },
    thaw: () => void sandbox?.thaw(),
    enter: async (command) => {
      if (!sandbox || !image) throw new Error("the dyno has no process");
      return await sandbox.enter(insideProgram({ spec: options.spec, image, port }, command));
    },
    gone,
  };
}

function exitOf(end: {
  readonly code: number;
  readonly signal: string | undefined;
  readonly outOfMemory: boolean;
  readonly outOfDisk: boolean;
}): DynoEvent {
  const { code, signal, outOfMemory, outOfDisk } = end;
  return {
    kind: "exited",
    code,
    ...(signal ? { signal } : {}),
    ...(outOfMemory ? { outOfMemory } : {}),
    ...(outOfDisk ? { outOfDisk } : {}),
  };
}

function failure(reason: "image" | "platform", thrown: unknown, logger: Logger): DynoEvent {
  if (!(thrown instanceof BusinessError)) logger.error("a dyno cannot be started", { reason, error: thrown });
  return { kind: "failed", reason, message: errorText(thrown) };
}

async function followMemory(
  sandbox: Sandbox,
  { spec, sink }: RunOptions,
  { now }: RunDependencies,
  signal: AbortSignal,
): Promise<void> {
  const common = { appId: spec.appId, source: "heroku", process: spec.name } as const;
  const say = (message: string) => sink.write({ ...common, time: now(), message });
  await watchQuota(sandbox, { quotaBytes: spec.limits.memoryBytes, now, say, signal });
}

/** Ends a dyno that has written too much, and says so. */
function followDisk(
  sandbox: Sandbox,
  { spec, sink }: RunOptions,
  { disk, now, logger }: RunDependencies,
  signal: AbortSignal,
): { readonly exceeded: () => boolean } {
  let isExceeded = false;
  if (!disk) return { exceeded: () => false };
  const { sampleMs, room, ...most } = disk;
  const exceeded = () => {
    isExceeded = true;
    const common = { appId: spec.appId, source: "heroku", process: spec.name } as const;
    for (const message of [dynoTexts.diskExceeded(most), dynoTexts.killing])
      sink.write({ ...common, time: now(), message });
    sandbox.kill();
  };
  void watchWritten(sandbox, { most, room, signal, exceeded, ...(sampleMs ? { sampleMs } : {}) }).catch(
    (error) =>
      logger.warn("it cannot be seen what a dyno writes", { dyno: spec.id, error: errorText(error) }),
  );
  return { exceeded: () => isExceeded };
}

/** Resolves when both outputs have been read to their ends. */
function connect(sandbox: Sandbox, options: RunOptions, deps: RunDependencies): Promise<unknown> {
  const { session, spec, sink } = options;
  if (session) {
    const { pipes, terminal } = sandbox;
    if (terminal) session.connect({ input: terminal, outputs: [terminal] });
    else session.connect({ input: pipes?.stdin, outputs: pipes ? [pipes.stdout, pipes.stderr] : [] });
    return session.outputEnded;
  }
  const follow = async (output: Readable) => {
    const lines = makeDynoOutput({ appId: spec.appId, process: spec.name, sink, now: deps.now });
    output.on("data", (chunk: Buffer) => lines.write(chunk));
    await once(output, "close").catch(() => {});
    lines.end();
  };
  const { pipes } = sandbox;
  return pipes ? Promise.all([follow(pipes.stdout), follow(pipes.stderr)]) : Promise.resolve();
}

async function followBoot(
  sandbox: Sandbox,
  watch: { port: number; spec: DynoSpec; tell: (event: DynoEvent) => void; signal: AbortSignal },
): Promise<void> {
  const { port, spec, tell, signal } = watch;
  const outcome = await watchBoot(sandbox, { port, withinMs: spec.bootSeconds * 1_000, signal });
  if (outcome.kind === "listening") tell({ kind: "listening", address: outcome.address });
  if (outcome.kind === "timeout") tell({ kind: "boot-timeout", found: outcome.found, port });
}
