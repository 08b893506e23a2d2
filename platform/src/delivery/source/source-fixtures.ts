import type { Readable } from "node:stream";
import type { Principal } from "../../kernel/index.ts";
import type { FollowedBuild, PushedBuild } from "./receive-push.ts";

export const ann: Principal = {
  accountId: "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed",
  email: "ann@example.com",
  scope: ["global"],
};

export async function bytesOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export interface ScriptedBuild extends PushedBuild {
  readonly id: string;
  say(text: string): void;
  finish(status: "succeeded" | "failed" | "cancelled", message?: string): Promise<void>;
  readonly followers: number;
}

/**
 * The build side as a push sees it. Each build waits to be told what to print and how to end; success moves the ref
 * before the result is shown, as the real one does.
 */
export function scriptedBuilds(
  moveRef: (appId: string, ref: string, commit: string) => Promise<void> = async () => {},
) {
  const builds: ScriptedBuild[] = [];
  const news = new Map<string, { items: FollowedBuild[]; wake: Set<() => void>; followers: number }>();
  const stateOf = (id: string) => {
    const state = news.get(id);
    if (!state) throw new Error(`no build ${id}`);
    return state;
  };
  const add = (id: string, item: FollowedBuild) => {
    stateOf(id).items.push(item);
    for (const wake of stateOf(id).wake) wake();
  };
  return {
    builds,
    /** Resolves when so many builds have been created. */
    createBuild: async (build: PushedBuild) => {
      const id = `build-${builds.length + 1}`;
      news.set(id, { items: [], wake: new Set(), followers: 0 });
      builds.push({
        ...build,
        id,
        say: (text) => add(id, { kind: "output", text }),
        finish: async (status, message) => {
          if (status === "succeeded") await moveRef(build.appId, build.ref, build.commit);
          add(id, { kind: "result", status, ...(message === undefined ? {} : { message }) });
        },
        get followers() {
          return stateOf(id).followers;
        },
      });
      return id;
    },
    followBuild: async function* (id: string, signal: AbortSignal): AsyncGenerator<FollowedBuild> {
      const state = stateOf(id);
      state.followers += 1;
      try {
        for (let i = 0; !signal.aborted; i += 1) {
          while (i >= state.items.length && !signal.aborted) await nextWake(state.wake, signal);
          const item = state.items[i];
          if (item) yield item;
          if (item?.kind === "result") return;
        }
      } finally {
        state.followers -= 1;
      }
    },
  };
}

function nextWake(wakes: Set<() => void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      wakes.delete(wake);
      signal.removeEventListener("abort", wake);
      resolve();
    };
    wakes.add(wake);
    signal.addEventListener("abort", wake, { once: true });
  });
}

/** Waits until the condition holds; fails after the deadline. */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  what: string,
  withinMs = 10_000,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`did not happen in ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
