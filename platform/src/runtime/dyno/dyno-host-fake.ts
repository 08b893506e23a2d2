import { type Duplex, duplexPair, type Writable } from "node:stream";
import { type Claim, type Clock, notFound, StaleClaim } from "../../kernel/index.ts";
import type { DynoNews, DynoObservation, DynoSpec, DynoState } from "./dyno.ts";
import type { DynoHost, InsideCommand, RunOptions } from "./dyno-ports.ts";
import { notUp } from "./not-up.ts";

/** What the process of a dyno does in the fake. Default: it listens at once and runs until it is stopped. */
export interface FakeBehavior {
  readonly listens?: "at-once" | "never";
  /** It ends by itself with this status. */
  readonly exitCode?: number;
  readonly ignoresTerm?: boolean;
  /** What it does with its client; returns its status. Default: ends with 0 when its input ends. */
  readonly attached?: (input: AsyncIterable<Buffer>, output: Writable) => Promise<number>;
  /** What a command that is run inside it does. Default: ends when its input ends. */
  readonly inside?: (inside: FakeInside) => Promise<unknown>;
}

export interface FakeInside {
  readonly spec: DynoSpec;
  readonly command: InsideCommand;
  readonly input: AsyncIterable<Buffer>;
  readonly output: Writable;
}

export interface FakeDynoHostOptions {
  readonly now: Clock;
  /** Chosen at each start. */
  readonly behavior?: (spec: DynoSpec) => FakeBehavior;
}

/** A scripted dyno host: real states and orders of events, no processes. */
export interface FakeDynoHost extends DynoHost {
  /** Ends the dyno's process as if by itself. */
  crash(dynoId: string, exitCode: number): void;
  /** Breaks every watch off and forgets all dynos, as a host that was killed does; it can be called again at once. */
  goAway(): void;
  /** How often the dyno's process was started. */
  starts(dynoId: string): number;
  present(): readonly DynoObservation[];
}

interface FakeDyno {
  spec: DynoSpec;
  state: DynoState;
  since: Date;
  readonly oneOff: RunOptions | undefined;
  readonly timers: Set<NodeJS.Timeout>;
  readonly insides: Set<Duplex>;
  client?: Duplex;
}

interface FakeWatcher {
  readonly pending: Map<string, DynoNews>;
  gone: boolean;
  wake: () => void;
}

export function makeFakeDynoHost({ now, behavior = () => ({}) }: FakeDynoHostOptions): FakeDynoHost {
  const dynos = new Map<string, FakeDyno>();
  const claims = new Map<string, number>();
  const starts = new Map<string, number>();
  const watchers = new Set<FakeWatcher>();
  const enter = (dyno: FakeDyno, state: DynoState) => {
    dyno.state = state;
    // Each later than the one before, however quickly they come.
    dyno.since = new Date(Math.max(now().getTime(), dyno.since.getTime() + 1));
    tell(dyno);
  };
  const tell = (dyno: FakeDyno) => {
    for (const watcher of watchers) {
      watcher.pending.set(dyno.spec.id, { kind: "changed", dyno: observe(dyno) });
      watcher.wake();
    }
  };
  const later = (dyno: FakeDyno, ms: number, work: () => void) => {
    const timer = setTimeout(() => {
      dyno.timers.delete(timer);
      work();
    }, ms);
    dyno.timers.add(timer);
  };
  const calm = (dyno: FakeDyno) => {
    for (const timer of dyno.timers) clearTimeout(timer);
    dyno.timers.clear();
  };
  const start = (dyno: FakeDyno) => {
    calm(dyno);
    starts.set(dyno.spec.id, (starts.get(dyno.spec.id) ?? 0) + 1);
    enter(dyno, { kind: "starting" });
    const { listens = "at-once", exitCode, attached } = behavior(dyno.spec);
    const serves = dyno.spec.duty !== "work";
    if (!serves) later(dyno, 0, () => enter(dyno, { kind: "up" }));
    else if (listens === "at-once") later(dyno, 0, () => enter(dyno, { kind: "up", address: ADDRESS }));
    else later(dyno, dyno.spec.bootSeconds * 1_000, () => crashed(dyno, 137, "boot-timeout"));
    if (exitCode !== undefined) later(dyno, 1, () => exited(dyno, exitCode));
    if (dyno.client)
      void (attached ?? readToEnd)(untilEndOfInput(dyno.client), dyno.client).then((code) =>
        exited(dyno, code),
      );
  };
  const crashed = (dyno: FakeDyno, exitCode: number, reason: "exit" | "boot-timeout") => {
    calm(dyno);
    enter(dyno, { kind: "crashed", reason, exitCode, restartAt: now().toISOString() });
    // Once, as on the real host; a longer back-off is longer than a test.
    if ((starts.get(dyno.spec.id) ?? 0) < 2) later(dyno, 1, () => start(dyno));
  };
  const exited = (dyno: FakeDyno, exitCode: number) => {
    if (dynos.get(dyno.spec.id) !== dyno) return;
    if (dyno.oneOff || dyno.state.kind === "stopping") complete(dyno, exitCode);
    else crashed(dyno, exitCode, "exit");
  };
  const complete = (dyno: FakeDyno, exitCode: number) => {
    calm(dyno);
    dynos.delete(dyno.spec.id);
    for (const stream of [dyno.client, ...dyno.insides]) stream?.end().resume();
    enter(dyno, { kind: "complete", exitCode });
  };
  const stop = (dyno: FakeDyno) => {
    if (dyno.state.kind === "stopping") return;
    calm(dyno);
    if (dyno.state.kind === "crashed") return complete(dyno, dyno.state.exitCode ?? 1);
    enter(dyno, { kind: "stopping" });
    const ignores = behavior(dyno.spec).ignoresTerm ?? false;
    later(dyno, ignores ? dyno.spec.stopSeconds * 1_000 : 0, () => complete(dyno, ignores ? 137 : 143));
  };
  const add = (spec: DynoSpec, oneOff?: RunOptions) => {
    const dyno: FakeDyno = {
      spec,
      state: { kind: "starting" },
      since: now(),
      oneOff,
      timers: new Set(),
      insides: new Set(),
    };
    dynos.set(spec.id, dyno);
    if (oneOff?.attach) tell(dyno);
    else start(dyno);
    if (oneOff?.lifetimeSeconds) later(dyno, oneOff.lifetimeSeconds * 1_000, () => stop(dyno));
  };
  return {
    apply: async ({ appId, dynos: wanted }, claim) => {
      take(claims, claim);
      for (const spec of wanted) {
        const known = dynos.get(spec.id);
        if (!known) add(spec);
        else if (JSON.stringify(known.spec) !== JSON.stringify(spec)) {
          known.spec = spec;
          tell(known);
        }
      }
      const ids = new Set(wanted.map(({ id }) => id));
      for (const dyno of [...dynos.values()])
        if (dyno.spec.appId === appId && !dyno.oneOff && !ids.has(dyno.spec.id)) stop(dyno);
    },
    restart: async (dynoId) => {
      const dyno = dynos.get(dynoId);
      if (!dyno || dyno.oneOff) throw notFound("dyno");
      starts.delete(dynoId);
      start(dyno);
    },
    run: async (spec, options) => {
      if (!dynos.has(spec.id)) add(spec, options);
    },
    attach: async (dynoId) => {
      const dyno = dynos.get(dynoId);
      if (!dyno?.oneOff?.attach || dyno.client) throw notFound("dyno");
      const [ours, theirs] = duplexPair({ allowHalfOpen: false });
      dyno.client = ours;
      theirs.once("close", () => dynos.get(dynoId) === dyno && complete(dyno, 129));
      start(dyno);
      return theirs;
    },
    stop: async (dynoId) => {
      const dyno = dynos.get(dynoId);
      if (dyno?.oneOff) stop(dyno);
    },
    runInside: async (dynoId, command) => {
      const dyno = dynos.get(dynoId);
      if (!dyno) throw notFound("dyno");
      if (dyno.state.kind !== "up") throw notUp(dyno.spec.name, dyno.state.kind);
      const [ours, theirs] = duplexPair({ allowHalfOpen: false });
      dyno.insides.add(ours);
      const { inside = ({ input }: FakeInside) => readToEnd(input) } = behavior(dyno.spec);
      void inside({ spec: dyno.spec, command, input: untilEndOfInput(ours), output: ours }).finally(() => {
        dyno.insides.delete(ours);
        ours.end().resume();
      });
      return theirs;
    },
    watch: (signal) => follow(watchers, () => [...dynos.values()].map(observe), signal),
    crash: (dynoId, exitCode) => {
      const dyno = dynos.get(dynoId);
      if (dyno) exited(dyno, exitCode);
    },
    goAway: () => {
      for (const dyno of dynos.values()) calm(dyno);
      dynos.clear();
      for (const watcher of watchers) {
        watcher.gone = true;
        watcher.wake();
      }
    },
    starts: (dynoId) => starts.get(dynoId) ?? 0,
    present: () => [...dynos.values()].map(observe),
  };
}

const ADDRESS = { host: "127.0.0.1", port: 9 };

function take(claims: Map<string, number>, claim: Claim): void {
  const seen = claims.get(claim.subject) ?? 0;
  if (claim.number < seen) throw new StaleClaim(claim, seen);
  claims.set(claim.subject, claim.number);
}

function observe({ spec, state, since }: FakeDyno): DynoObservation {
  const { id, appId, name, type, releaseId, releaseVersion, duty } = spec;
  return { id, appId, name, type, releaseId, releaseVersion, duty, state, since: since.toISOString() };
}

async function readToEnd(input: AsyncIterable<Buffer>): Promise<number> {
  for await (const _ of input) {
    // Nothing is done with it.
  }
  return 0;
}

/** Byte 4 ends the input, as it does without a terminal. */
async function* untilEndOfInput(client: Duplex): AsyncGenerator<Buffer> {
  for await (const chunk of client.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    const end = chunk.indexOf(4);
    if (end !== 0) yield end < 0 ? chunk : chunk.subarray(0, end);
    if (end >= 0) return;
  }
}

async function* follow(
  watchers: Set<FakeWatcher>,
  all: () => readonly DynoObservation[],
  signal: AbortSignal,
): AsyncGenerator<DynoNews> {
  const watcher: FakeWatcher = { pending: new Map(), gone: false, wake: () => {} };
  const onAbort = () => watcher.wake();
  watchers.add(watcher);
  signal.addEventListener("abort", onAbort);
  try {
    yield { kind: "all", dynos: all() };
    while (!signal.aborted && !watcher.gone) {
      const [next] = watcher.pending;
      if (next) {
        watcher.pending.delete(next[0]);
        yield next[1];
      } else
        await new Promise<void>((resolve) => {
          watcher.wake = resolve;
          if (signal.aborted || watcher.gone || watcher.pending.size > 0) resolve();
        });
    }
    if (watcher.gone) throw new Error("the fake dyno host went away");
  } finally {
    watchers.delete(watcher);
    signal.removeEventListener("abort", onAbort);
  }
}
