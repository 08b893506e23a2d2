import type { KyselyPlugin } from "kysely";
import type { Db } from "../../../kernel/index.ts";

/** What ends the work of a process that was killed. */
export class Killed extends Error {
  override readonly name = "Killed";
}

/**
 * A process that can be killed at any of its steps: before each statement, and before and after each call of a port.
 * Once killed, nothing it still tries has any effect.
 */
export interface DoomedProcess {
  readonly killed: boolean;
  /** Counts a step; throws Killed when it is the last one. */
  step(): void;
  /** The same database, each statement a step. A transaction that was under way is rolled back. */
  database(db: Db): Db;
  /** The same port, each call two steps and each thing it yields one. */
  port<T extends object>(port: T): T;
}

/** A process that is killed at its step `at`, counted from 1; never when there are fewer. */
export function makeDoomedProcess(at = Number.POSITIVE_INFINITY): DoomedProcess {
  let steps = 0;
  const step = () => {
    if (++steps >= at) throw new Killed(`killed at step ${at}`);
  };
  const plugin: KyselyPlugin = {
    transformQuery: ({ node }) => {
      step();
      return node;
    },
    transformResult: async ({ result }) => result,
  };
  return {
    get killed() {
      return steps >= at;
    },
    step,
    database: (db) => db.withPlugin(plugin),
    port: (port) =>
      new Proxy(port, {
        get: (target, name) => {
          const found: unknown = Reflect.get(target, name);
          return typeof found === "function" ? doomed(found.bind(target), step) : found;
        },
      }),
  };
}

function doomed(call: (...given: unknown[]) => unknown, step: () => void) {
  return (...given: unknown[]): unknown => {
    step();
    const result = call(...given);
    if (isIterable(result)) return eachA(result, step);
    if (!(result instanceof Promise)) return result;
    return result.then((value: unknown) => {
      step();
      return value;
    });
  };
}

function isIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

async function* eachA(items: AsyncIterable<unknown>, step: () => void): AsyncGenerator<unknown> {
  for await (const item of items) {
    step();
    yield item;
  }
}

/**
 * Does the work in a process that is killed at its first step, then in one that is killed at its second, and so on
 * until one gets to the end; after each, `revive` must make everything right. Returns how many were killed.
 */
export async function killAtEveryStep(
  work: (process: DoomedProcess) => Promise<{ revive: () => Promise<void> }>,
): Promise<number> {
  for (let at = 1; ; at++) {
    const process = makeDoomedProcess(at);
    const { revive } = await work(process);
    try {
      await revive();
    } catch (cause) {
      throw new Error(`not right after a kill at step ${at}`, { cause });
    }
    if (!process.killed) return at - 1;
  }
}

/** Waits for work that a kill may end; any other failure is thrown on. */
export async function untilKilled(work: Promise<unknown>): Promise<void> {
  await work.catch((thrown: unknown) => {
    if (!isKill(thrown)) throw thrown;
  });
}

function isKill(thrown: unknown): boolean {
  return thrown instanceof Killed || (thrown instanceof Error && isKill(thrown.cause));
}
