import { setTimeout as wait } from "node:timers/promises";

/** What a process did between two moments, as the inspector's protocol tells it (domain Profiler). */
export interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
}

/** Where node's inspector listens when it is told by a signal. */
const INSPECTOR = "http://127.0.0.1:9229/json";
const INTERVAL_US = 500;

/** Profiles a Node.js process of this machine while the work goes on. Throws when its inspector does not open. */
export async function profileProcess(pid: number, work: () => Promise<unknown>): Promise<Profile> {
  process.kill(pid, "SIGUSR1");
  const session = await openSession(await inspectorOf(pid));
  try {
    await session.call("Profiler.enable");
    await session.call("Profiler.setSamplingInterval", { interval: INTERVAL_US });
    await session.call("Profiler.start");
    await work();
    return ((await session.call("Profiler.stop")) as { profile: Profile }).profile;
  } finally {
    session.close();
  }
}

async function inspectorOf(pid: number): Promise<string> {
  for (let tries = 0; tries < 50; tries += 1) {
    const listed = await fetch(INSPECTOR).then(
      async (answer) => (await answer.json()) as readonly { webSocketDebuggerUrl: string }[],
      () => [],
    );
    if (listed[0]) return listed[0].webSocketDebuggerUrl;
    await wait(100);
  }
  throw new Error(`the inspector of process ${pid} does not open`);
}

async function openSession(url: string) {
  const socket = new WebSocket(url);
  const waiting = new Map<number, (result: unknown) => void>();
  socket.addEventListener("message", ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id: number; result: unknown };
    waiting.get(id)?.(result);
  });
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve, { once: true });
    socket.addEventListener("error", reject, { once: true });
  });
  return {
    call: (method: string, params = {}) =>
      new Promise<unknown>((resolve) => {
        const id = waiting.size + 1;
        waiting.set(id, resolve);
        socket.send(JSON.stringify({ id, method, params }));
      }),
    close: () => socket.close(),
  };
}

/** Milliseconds of each frame by a name for it, the costliest first; what only waited is `(idle)`. */
export function selfTimes(
  profile: Profile,
  nameOf: (frame: ProfileNode["callFrame"]) => string,
): readonly (readonly [string, number])[] {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const times = new Map<string, number>();
  profile.samples.forEach((id, i) => {
    const name = frames.get(id) ?? "";
    times.set(name, (times.get(name) ?? 0) + (profile.timeDeltas[i] ?? 0) / 1_000);
  });
  return [...times].sort(([, one], [, other]) => other - one);
}
