import type { Duplex } from "node:stream";
import { type Claim, conflict, notFound, pause, StaleClaim } from "../../kernel/index.ts";
import type { DynoHost, DynoObservation, DynoSpec, DynoState, DynoWatch, RunOptions } from "../dyno/index.ts";

interface ScriptedDyno {
  spec: DynoSpec;
  state: DynoState;
  readonly oneOff: RunOptions | undefined;
}

/**
 * An engine in which nothing happens by itself: dynos boot, fail and end when a test says so. It keeps count of the web
 * dynos that take requests, so that a test can tell whether there ever was a gap.
 */
export class ScriptedEngine implements DynoHost {
  /** While true every call fails, and so does the watch. */
  away = false;
  /** Why one-off dynos are refused. */
  noRoom: string | undefined;
  refusals = 0;
  /** The fewest web dynos that served at any moment since it was last set. */
  fewestServing = Number.POSITIVE_INFINITY;
  /** Dynos that ran under one name at the same time although they may not. */
  readonly overlaps: string[] = [];
  readonly started: DynoSpec[] = [];
  readonly #dynos = new Map<string, ScriptedDyno>();
  readonly #claims = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  readonly #ended = new Map<string, DynoObservation>();
  #session = 1;

  async apply({ appId, dynos }: { appId: string; dynos: readonly DynoSpec[] }, claim: Claim): Promise<void> {
    this.#mustBeHere();
    const seen = this.#claims.get(claim.subject) ?? 0;
    if (claim.number < seen) throw new StaleClaim(claim, seen);
    this.#claims.set(claim.subject, claim.number);
    const wanted = new Set(dynos.map(({ id }) => id));
    for (const dyno of this.#dynos.values())
      if (dyno.spec.appId === appId && !dyno.oneOff && !wanted.has(dyno.spec.id))
        dyno.state = { kind: "stopping" };
    for (const spec of dynos) this.#take(spec);
    this.#changed();
  }

  async restart(dynoId: string): Promise<void> {
    this.set(dynoId, { kind: "starting" });
  }

  async run(spec: DynoSpec, options: RunOptions): Promise<void> {
    this.#mustBeHere();
    if (this.noRoom !== undefined) {
      this.refusals++;
      throw conflict(this.noRoom);
    }
    if (this.#dynos.has(spec.id)) return;
    this.started.push(spec);
    this.#dynos.set(spec.id, { spec, state: { kind: "starting" }, oneOff: options });
    this.#changed();
  }

  async attach(_dynoId: string): Promise<Duplex> {
    throw notFound("dyno");
  }

  async runInside(_dynoId: string): Promise<Duplex> {
    throw new Error("not part of these tests");
  }

  async stop(dynoId: string): Promise<void> {
    this.#mustBeHere();
    if (this.#dynos.get(dynoId)?.oneOff) this.end(dynoId, 143);
  }

  async *watch(signal: AbortSignal) {
    yield { kind: "all" as const, dynos: this.#observations() };
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  }

  /** The watch of this engine, always up to date. */
  view(): DynoWatch {
    return {
      session: () => this.#session,
      ready: async (signal) => {
        while (this.#session === 0 && !signal.aborted) await pause(2, signal);
      },
      dynosOf: (appId) => this.#observations().filter((dyno) => dyno.appId === appId),
      find: (id) => this.#observations().find((dyno) => dyno.id === id) ?? this.#ended.get(id),
      appIds: () => [...new Set(this.#observations().map(({ appId }) => appId))],
      until: (id, test, signal) => this.#until(id, test, signal),
      stop: async () => {},
    };
  }

  /** All that are starting come up. */
  boot(): void {
    for (const dyno of this.#dynos.values()) if (dyno.state.kind === "starting") dyno.state = { kind: "up" };
    this.#changed();
  }

  /** All that are stopping have ended. */
  finishStops(): void {
    for (const { spec, state } of [...this.#dynos.values()])
      if (state.kind === "stopping") this.end(spec.id, 143);
  }

  end(dynoId: string, exitCode: number): void {
    const dyno = this.#dynos.get(dynoId);
    if (!dyno) return;
    dyno.state = { kind: "complete", exitCode };
    if (dyno.oneOff) this.#ended.set(dynoId, observationOf(dyno));
    this.#dynos.delete(dynoId);
    this.#changed();
  }

  set(dynoId: string, state: DynoState): void {
    const dyno = this.#dynos.get(dynoId);
    if (!dyno) throw notFound("dyno");
    dyno.state = state;
    this.#changed();
  }

  /** All that are starting fail. */
  crashStarting(): void {
    for (const { spec, state } of this.#dynos.values())
      if (state.kind === "starting") this.set(spec.id, { kind: "crashed", reason: "exit", exitCode: 1 });
  }

  /** The engine was killed: its dynos died with it, and it is back. */
  lose(): void {
    this.#dynos.clear();
    this.#session++;
    this.#changed();
  }

  /** Not seen yet, as when a process has only just started. */
  unseen(): void {
    this.#session = 0;
  }

  /** What runs of an app, as `web.1 v2 serve up`, in the order of names and versions. */
  dynos(appId: string): readonly string[] {
    return [...this.#dynos.values()]
      .filter(({ spec }) => spec.appId === appId)
      .map(({ spec, state }) => `${spec.name} v${spec.releaseVersion} ${spec.duty} ${state.kind}`)
      .sort();
  }

  specs(appId: string): readonly DynoSpec[] {
    return [...this.#dynos.values()].map(({ spec }) => spec).filter((spec) => spec.appId === appId);
  }

  #take(spec: DynoSpec): void {
    const known = this.#dynos.get(spec.id);
    if (known) {
      known.spec = spec;
      return;
    }
    this.started.push(spec);
    for (const { spec: other } of this.#dynos.values())
      if (spec.duty === "work" && other.appId === spec.appId && other.name === spec.name)
        this.overlaps.push(spec.name);
    this.#dynos.set(spec.id, { spec, state: { kind: "starting" }, oneOff: undefined });
  }

  #mustBeHere(): void {
    if (this.away) throw new Error("the dyno host is away");
  }

  #changed(): void {
    const serving = [...this.#dynos.values()].filter(
      ({ spec, state }) => spec.duty === "serve" && state.kind === "up",
    );
    this.fewestServing = Math.min(this.fewestServing, serving.length);
    for (const listener of this.#listeners) listener();
  }

  #observations(): readonly DynoObservation[] {
    return [...this.#dynos.values()].map(observationOf);
  }

  async #until(...[id, test, signal]: Parameters<DynoWatch["until"]>): ReturnType<DynoWatch["until"]> {
    const view = this.view();
    while (!signal.aborted) {
      const dyno = view.find(id);
      if (test(dyno)) return dyno;
      const woken = new AbortController();
      const listener = () => woken.abort();
      this.#listeners.add(listener);
      await pause(5_000, AbortSignal.any([signal, woken.signal]));
      this.#listeners.delete(listener);
    }
    return undefined;
  }
}

function observationOf({ spec, state }: ScriptedDyno): DynoObservation {
  const { id, appId, name, type, releaseId, releaseVersion, duty } = spec;
  return { id, appId, name, type, releaseId, releaseVersion, duty, state, since: "2026-01-01T00:00:00.000Z" };
}
