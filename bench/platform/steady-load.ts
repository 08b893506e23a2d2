import { Agent, request } from "node:http";

export interface LoadReport {
  readonly sent: number;
  readonly failed: number;
  /** What went wrong, with the code on the router's page, and how often. */
  readonly failures: Readonly<Record<string, number>>;
}

export interface SteadyLoad {
  stop(): Promise<LoadReport>;
}

export interface LoadOptions {
  readonly port: number;
  /** Where the port is, taken in turn. Default: this machine. */
  readonly addresses?: readonly string[];
  readonly host: string;
  readonly perSecond: number;
  /** Told of every answer: its text, when it was complete (ms of the process's clock), and how many ms it took. */
  readonly onAnswer?: (body: string, at: number, took: number) => void;
}

/** Who was kept from asking does not ask it all at once. */
const MOST_AT_ONCE = 10;

/** Asks an app at a steady rate, every second request on a connection of its own. Anything but a 200 is a failure. */
export function startSteadyLoad(options: LoadOptions): SteadyLoad {
  const kept = new Agent({ keepAlive: true, maxSockets: 20 });
  const failures: Record<string, number> = {};
  const open = new Set<Promise<void>>();
  let sent = 0;
  let failed = 0;
  const fail = (why: string) => {
    failed += 1;
    failures[why] = (failures[why] ?? 0) + 1;
  };
  const ask = () => {
    sent += 1;
    const agent = sent % 2 === 0 ? kept : false;
    const { addresses = ["127.0.0.1"] } = options;
    const address = addresses[sent % addresses.length] ?? "";
    const began = performance.now();
    const asked = askOnce({ ...options, address, agent }).then(
      ({ status, body }) => {
        if (status !== 200) fail(`status ${status} ${/\bH\d\d\b/.exec(body)?.[0] ?? ""}`.trim());
        else options.onAnswer?.(body, performance.now(), performance.now() - began);
      },
      (thrown: NodeJS.ErrnoException) => fail(thrown.code ?? thrown.message),
    );
    open.add(asked);
    void asked.finally(() => open.delete(asked));
  };
  const start = performance.now();
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - start) / 1_000) * options.perSecond) - sent;
    for (let i = Math.min(due, MOST_AT_ONCE); i > 0; i -= 1) ask();
  }, 1);
  return {
    stop: async () => {
      clearInterval(timer);
      await Promise.all(open);
      kept.destroy();
      return { sent, failed, failures };
    },
  };
}

interface Asking {
  readonly address: string;
  readonly port: number;
  readonly host: string;
  readonly agent: Agent | false;
}

/** One request; an answer is complete when it resolves. Throws when there is none within 35 s. */
export function askOnce({ address, port, host, agent }: Asking): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request({ host: address, port, headers: { host }, agent, timeout: 35_000 }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      response.on("error", reject);
    });
    // One that was kept may be closed by the other side just as it is used again: RFC 9112 section 9.3.1.
    call.on("error", (thrown: NodeJS.ErrnoException) =>
      reject(
        call.reusedSocket
          ? new Error(`${thrown.code ?? thrown.message} on a connection used before`)
          : thrown,
      ),
    );
    call.on("timeout", () => call.destroy(new Error("no answer in 35 s")));
    call.end();
  });
}
