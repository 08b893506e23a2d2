import { Agent, request } from "node:http";
import { waitUntil } from "./wait-until.ts";

export interface LoadOptions {
  readonly routerPort: number;
  /** Where the router listens; default: loopback. */
  readonly address?: string;
  readonly host: string;
  readonly path?: string;
  /** One request each so many milliseconds, as long as fewer than AT_ONCE wait for their answers. */
  readonly everyMs: number;
}

/** One request of a load. Times are milliseconds of `performance.now()`. */
export interface LoadAnswer {
  readonly began: number;
  readonly ended: number;
  /** 0 when there was no whole answer. */
  readonly status: number;
  /** The body, or what went wrong. */
  readonly text: string;
}

/** Requests that go on while a test changes things. Every other one opens a connection of its own. */
export interface Load {
  answers(): readonly LoadAnswer[];
  failures(): readonly LoadAnswer[];
  /** The longest time without a good answer since the moment, in milliseconds. */
  longestGap(since?: number): number;
  /** Waits for a good answer to a request that begins from now on. */
  nextGood(ms?: number): Promise<LoadAnswer>;
  /** Ends it when what is under way has been answered. */
  stop(): Promise<void>;
}

/** Below what the router lets wait for one dyno: more would be turned away (H11). */
const AT_ONCE = 40;

const isGood = ({ status }: LoadAnswer) => status === 200;

export function startLoad(options: LoadOptions): Load {
  const answers: LoadAnswer[] = [];
  const kept = new Agent({ keepAlive: true });
  const underWay = new Set<Promise<void>>();
  let sent = 0;
  const send = () => {
    if (underWay.size >= AT_ONCE) return;
    sent += 1;
    const work = ask(options, sent % 2 === 0 ? kept : false).then((answer) => {
      answers.push(answer);
      underWay.delete(work);
    });
    underWay.add(work);
  };
  const timer = setInterval(send, options.everyMs);
  return {
    answers: () => answers,
    failures: () => answers.filter((answer) => !isGood(answer)),
    longestGap: (since = answers[0]?.began ?? 0) => {
      const good = answers.filter((answer) => isGood(answer) && answer.ended >= since);
      const times = [since, ...good.map(({ ended }) => ended), performance.now()].sort((a, b) => a - b);
      return Math.max(...times.slice(1).map((time, i) => time - (times[i] ?? time)));
    },
    nextGood: async (ms = 10_000) => {
      const now = performance.now();
      return await waitUntil(
        "a good answer",
        () => answers.findLast((answer) => answer.began >= now && isGood(answer)),
        {
          ms,
          instead: () => JSON.stringify(answers.at(-1)),
        },
      );
    },
    stop: async () => {
      clearInterval(timer);
      while (underWay.size > 0) await Promise.all(underWay);
      kept.destroy();
    },
  };
}

const ANSWER_MS = 20_000;

async function ask(options: LoadOptions, agent: Agent | false): Promise<LoadAnswer> {
  const began = performance.now();
  const answer = await askOnce(options, agent);
  return { began, ended: performance.now(), ...answer };
}

function askOnce(
  { routerPort, address = "127.0.0.1", host, path = "/" }: LoadOptions,
  agent: Agent | false,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve) => {
    const call = request({ host: address, port: routerPort, path, headers: { host }, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", (thrown) => fail(`broken: ${thrown.message}`));
      response.on("end", () => {
        clearTimeout(timer);
        const text = Buffer.concat(chunks).toString("utf8");
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
    const timer = setTimeout(() => call.destroy(new Error(`no answer within ${ANSWER_MS} ms`)), ANSWER_MS);
    const fail = (text: string) => {
      clearTimeout(timer);
      resolve({ status: 0, text });
    };
    call.on("error", (thrown: NodeJS.ErrnoException) => fail(thrown.code ?? thrown.message));
    call.end();
  });
}
