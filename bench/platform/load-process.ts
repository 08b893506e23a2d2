import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setPriority } from "node:os";
import { type LoadOptions, type LoadReport, startSteadyLoad } from "./steady-load.ts";

/** What a round of steady load found, with the milliseconds of each answer. */
export interface MeasuredLoad extends LoadReport {
  readonly took: readonly number[];
}

type Asked = Pick<LoadOptions, "port" | "host" | "perSecond">;

/**
 * Steady load from a process of its own, before all others on this machine: who measures must wait neither for a core nor for
 * what else the bench does. `stop` ends it and returns what it found.
 */
export function startMeasuredLoad(asked: Asked): { stop(): Promise<MeasuredLoad> } {
  const child: ChildProcess = fork(import.meta.filename, [JSON.stringify(asked)]);
  return {
    async stop() {
      const told = once(child, "message") as Promise<[MeasuredLoad]>;
      child.send("stop");
      const [found] = await Promise.race([
        told,
        once(child, "exit").then(() => Promise.reject(new Error("the load has ended by itself"))),
      ]);
      return found;
    },
  };
}

if (import.meta.main) {
  setPriority(-15);
  const took: number[] = [];
  const load = startSteadyLoad({
    ...(JSON.parse(process.argv[2] ?? "{}") as Asked),
    onAnswer: (_body, _at, ms) => took.push(ms),
  });
  // Whoever measures may have failed.
  process.once("disconnect", () => process.exit());
  process.once("message", async () => {
    // What is not yet sent would be lost with the channel.
    process.send?.({ ...(await load.stop()), took }, undefined, undefined, () => process.disconnect?.());
  });
}
