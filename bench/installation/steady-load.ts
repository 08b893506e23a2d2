import { Agent, request } from "node:http";

/** Where requests go: an address with its port, taken in turn. */
export interface SteadyLoadOptions {
  readonly targets: readonly { readonly host: string; readonly port: number }[];
  /** The Host header. */
  readonly app: string;
  readonly perSecond: number;
}

export interface LoadCount {
  readonly sent: number;
  readonly failed: number;
  /** The first failures, as they were seen. */
  readonly failures: readonly string[];
  /** Milliseconds from request to whole answer. */
  readonly medianMs: number;
  readonly p99Ms: number;
}

const TICK_MS = 20;
const CONNECTIONS = 64;
const GIVE_UP_MS = 30_000;
const TOLD = 5;

/** Sends at a steady rate, whatever becomes of what was sent before; `stop` waits for what is under way. */
export function startSteadyLoad(options: SteadyLoadOptions): { stop(): Promise<LoadCount> } {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const times: number[] = [];
  const failures: string[] = [];
  const underWay = new Set<Promise<void>>();
  let sent = 0;
  const began = performance.now();
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) / 1_000) * options.perSecond);
    for (; sent < due; sent++) {
      const start = performance.now();
      const work = ask(options, sent, agent).then((failure) => {
        if (failure === undefined) times.push(performance.now() - start);
        else failures.push(failure);
        underWay.delete(work);
      });
      underWay.add(work);
    }
  }, TICK_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await Promise.all(underWay);
      agent.destroy();
      times.sort((a, b) => a - b);
      const at = (share: number) => Number((times[Math.floor(times.length * share)] ?? 0).toFixed(1));
      const told = failures.slice(0, TOLD);
      return { sent, failed: failures.length, failures: told, medianMs: at(0.5), p99Ms: at(0.99) };
    },
  };
}

/** Undefined when the answer was whole and good; else what was wrong. */
function ask({ targets, app }: SteadyLoadOptions, n: number, agent: Agent): Promise<string | undefined> {
  const { host, port } = targets[n % targets.length] ?? { host: "127.0.0.1", port: 0 };
  return new Promise((resolve) => {
    const call = request(
      { host, port, path: "/", headers: { host: app }, agent, timeout: GIVE_UP_MS },
      (response) => {
        response.on("error", (error) => resolve(error.message));
        response.on("end", () =>
          resolve(response.statusCode === 200 ? undefined : `status ${response.statusCode}`),
        );
        response.resume();
      },
    );
    call.on("timeout", () => call.destroy(new Error("no answer in time")));
    call.on("error", (error) => resolve(error.message));
    call.end();
  });
}
