import type { Builder, BuildNews, BuildResult } from "../../platform/src/delivery/build/build-ports.ts";
import type { OutputStore, Turn } from "../../platform/src/delivery/output/output.ts";
import { imageInfo } from "../../platform/src/delivery/release/release-fixtures.ts";
import type { GitRepositories } from "../../platform/src/delivery/source/source-ports.ts";
import { aborted, notFound, StaleClaim } from "../../platform/src/kernel/index.ts";
import type { Crossroads } from "./crossroads-fixtures.ts";
import type { Outcome } from "./delivery-schedule-fixtures.ts";

/** One build or release command that the engine runs. */
interface Run<T> {
  readonly ended: Promise<T | undefined>;
  end: (result: T | undefined) => void;
  isOver: boolean;
}

/** Runs of one kind, by id; each ends by itself some time, and is joined by whoever asks for it again. */
class Runs<T> {
  readonly all = new Map<string, Run<T>>();
  readonly #crossroads: Crossroads;

  constructor(crossroads: Crossroads) {
    this.#crossroads = crossroads;
  }

  join(id: string, result: () => T): { readonly run: Run<T>; readonly isNew: boolean } {
    const known = this.all.get(id);
    if (known) return { run: known, isNew: false };
    const { promise, resolve } = Promise.withResolvers<T | undefined>();
    const run: Run<T> = {
      ended: promise,
      isOver: false,
      end: (outcome) => {
        run.isOver = true;
        resolve(outcome);
      },
    };
    this.all.set(id, run);
    void this.#crossroads.call("engine", "engine", () => run.end(result()));
    return { run, isNew: true };
  }

  lose(): void {
    for (const run of this.all.values()) run.end(undefined);
    this.all.clear();
  }

  get running(): readonly string[] {
    return [...this.all].flatMap(([id, { isOver }]) => (isOver ? [] : [id]));
  }
}

/** `<outcome>-<number>`: a source says what becomes of it. */
export const sourceOf = (outcome: Outcome, number: number) => `${outcome}-${number}`;
export const outcomeOf = (source: string): Outcome => source.split("-")[0] as Outcome;

function resultOf(source: string): BuildResult {
  const outcome = outcomeOf(source);
  if (outcome === "bad") return { kind: "failed", message: "It does not build.", exitCode: 20 };
  const command: Readonly<Record<string, string>> =
    outcome === "migrates" || outcome === "fails" ? { release: outcome } : {};
  const digest = Number(source.split("-")[1]).toString(16).padStart(64, "0");
  return {
    kind: "succeeded",
    image: { ...imageInfo({ web: "serve", ...command }), digest: `sha256:${digest}` },
  };
}

/** What the defects that a test plants leave out. */
export interface DeliveryDefects {
  /** Who has lost the claim records as before. */
  readonly blindClaim?: boolean;
  /** Who has lost the claim writes outputs as before. */
  readonly blindTurns?: boolean;
  /** A branch is moved from wherever it is. */
  readonly blindMoves?: boolean;
}

/** What is outside of the processes that reconcile, and outlives them. */
export class DeliveryEngine {
  readonly builds: Runs<BuildResult>;
  readonly commands: Runs<number>;
  readonly refs = new Map<string, string>();
  readonly outputs = new Map<string, { text: string; isEnded: boolean; turn: number }>();
  readonly #crossroads: Crossroads;
  /** What broke a promise. */
  readonly broken: string[] = [];

  readonly #defects: DeliveryDefects;

  constructor(crossroads: Crossroads, defects: DeliveryDefects) {
    this.#crossroads = crossroads;
    this.#defects = defects;
    this.builds = new Runs(crossroads);
    this.commands = new Runs(crossroads);
  }

  builder(who: string): Builder {
    const builds = this.builds;
    const crossroads = this.#crossroads;
    return {
      async *build(spec, signal): AsyncGenerator<BuildNews> {
        const { run } = await crossroads.call(who, "call", () =>
          builds.join(spec.id, () => resultOf(spec.source)),
        );
        yield { kind: "output", text: "-----> Building\n" };
        const result = await Promise.race([run.ended, aborted(signal)]);
        if (signal.aborted) return;
        yield { kind: "result", result: result ?? { kind: "lost", message: "The build engine went away." } };
      },
      cancel: (id) => crossroads.call(who, "call", () => builds.all.get(id)?.end({ kind: "cancelled" })),
      clearCache: async () => {},
    };
  }

  /** As the dynos of release commands: the engine knows one by its release's id. */
  async command(
    who: string,
    run: { readonly id: string; readonly exitCode: number; readonly mayBegin: () => Promise<void> },
    signal: AbortSignal,
  ): Promise<number> {
    for (;;) {
      const { run: joined } = await this.#crossroads.call(who, "call", async () => {
        if (this.commands.all.has(run.id)) return this.commands.join(run.id, () => run.exitCode);
        await run.mayBegin();
        if (this.commands.running.length > 0) this.broken.push("two release commands run at once");
        return this.commands.join(run.id, () => run.exitCode);
      });
      const exitCode = await Promise.race([joined.ended, aborted(signal)]);
      if (signal.aborted) return 1;
      if (exitCode !== undefined) return exitCode;
    }
  }

  repositories(who: string): Pick<GitRepositories, "readRef" | "moveRef"> {
    return {
      readRef: (_appId, ref) => this.#crossroads.call(who, "call", () => this.refs.get(ref)),
      moveRef: (_appId, ref, { from, to }) =>
        this.#crossroads.call(who, "call", () => {
          const now = this.refs.get(ref);
          if (now !== to && now !== from && !this.#defects.blindMoves)
            throw new Error(`${ref} is at ${now}, not at ${from}`);
          this.refs.set(ref, to);
        }),
    };
  }

  outputStore(who: string, isFinished: (id: string) => Promise<boolean>): OutputStore {
    const crossroads = this.#crossroads;
    const outputs = this.outputs;
    const write = (id: string, turn: Turn, work: () => void | Promise<void>) =>
      crossroads.call(who, "call", async () => {
        const seen = outputs.get(id)?.turn ?? 0;
        if (turn !== undefined && turn < seen && !this.#defects.blindTurns)
          throw new StaleClaim({ subject: `output ${id}`, number: turn }, seen);
        await work();
        const output = outputs.get(id);
        if (output) output.turn = turn ?? seen;
      });
    return {
      begin: (id, turn) =>
        write(id, turn, async () => {
          if (await isFinished(id)) this.broken.push("the output of what was told to its end begins anew");
          outputs.set(id, { text: "", isEnded: false, turn: 0 });
        }),
      append: (id, text, turn) =>
        write(id, turn, () => {
          const output = outputs.get(id) ?? { text: "", isEnded: false, turn: 0 };
          output.text += text;
          outputs.set(id, output);
        }),
      end: (id, turn) =>
        write(id, turn, () => {
          const output = outputs.get(id);
          if (output) output.isEnded = true;
        }),
      async *read(id, signal) {
        for (let from = 0; ; ) {
          const output = await crossroads.call(who, "call", () => outputs.get(id));
          if (!output) throw notFound("output");
          const text = output.text.slice(from);
          from += text.length;
          yield text;
          if (signal.aborted || output.isEnded) return;
          await crossroads.rest(who, signal);
        }
      },
      remove: async () => {},
    };
  }
}
