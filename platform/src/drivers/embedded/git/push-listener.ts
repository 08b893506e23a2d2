import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";
import { chmodSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import type { PushNews, PushReceiver, RefCommand } from "../../../delivery/source/index.ts";
import { type Logger, type Running, within } from "../../../kernel/index.ts";

export interface PushListenerOptions {
  readonly socketPath: string;
  readonly logger: Logger;
}

/** A place where the hook of one push is waited for. */
export interface PushTicket {
  /** Known to this push's git processes only, and of no use after it. */
  readonly token: string;
  close(): void;
}

export interface PushListener extends Running {
  readonly socketPath: string;
  /** What the receiver does is part of whatever opens the ticket: of its trace, too. */
  open(receive: PushReceiver): PushTicket;
}

/** Longest line a hook may send: some 100,000 refs. */
const REQUEST_LIMIT = 16 * 1024 * 1024;
/** How long receivers may take to answer when Conifer stops. */
const ANSWER_MS = 2_000;

/**
 * Where the hooks of running pushes call: a unix socket of mode 0600, apart from the control socket, because git's
 * processes must not hold Conifer's own credential. The hook sends `{token, commands}` as one line of JSON and reads
 * PushNews, one a line. Stopping lets receivers say why first.
 */
export async function startPushListener(options: PushListenerOptions): Promise<PushListener> {
  const { socketPath, logger } = options;
  const receivers = new Map<string, WaitingReceiver>();
  const running = new Set<Promise<void>>();
  const stopping = new AbortController();
  const server = createServer((socket) => {
    const work = answer(socket, receivers, stopping.signal)
      .catch((error) => logger.error("push failed", { error }))
      .finally(() => {
        socket.end();
        running.delete(work);
      });
    running.add(work);
  });
  rmSync(socketPath, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, resolve);
  });
  chmodSync(socketPath, 0o600);
  return {
    socketPath,
    open: (receive) => {
      const token = randomBytes(32).toString("hex");
      receivers.set(token, { receive, within: AsyncLocalStorage.snapshot() });
      return { token, close: () => void receivers.delete(token) };
    },
    stop: async () => {
      stopping.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await within(ANSWER_MS, Promise.allSettled(running), "answering pushes").catch(() => {});
      await within(ANSWER_MS, closed, "closing the push socket").catch(() => {});
    },
  };
}

interface WaitingReceiver {
  readonly receive: PushReceiver;
  /** Runs work in the surroundings in which the ticket was opened. */
  readonly within: ReturnType<typeof AsyncLocalStorage.snapshot>;
}

async function answer(
  socket: Socket,
  receivers: Map<string, WaitingReceiver>,
  stopping: AbortSignal,
): Promise<void> {
  const gone = new AbortController();
  socket.on("error", () => socket.destroy());
  socket.once("close", () => gone.abort());
  const { token, commands } = await readRequest(socket);
  const waiting = receivers.get(token);
  receivers.delete(token);
  await waiting?.within(async () => {
    for await (const news of waiting.receive(commands, AbortSignal.any([gone.signal, stopping]))) {
      if (!(await send(socket, news))) return;
    }
  });
}

function readRequest(socket: Socket): Promise<{ token: string; commands: readonly RefCommand[] }> {
  return new Promise((resolve, reject) => {
    let text = "";
    const settle = (parse: () => { token: string; commands: readonly RefCommand[] }) => {
      try {
        resolve(parse());
      } catch (cause) {
        reject(new Error("the hook sent what is not JSON", { cause }));
      }
    };
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      text += chunk;
      const end = text.indexOf("\n");
      if (end >= 0) settle(() => JSON.parse(text.slice(0, end)));
      else if (text.length > REQUEST_LIMIT) reject(new Error("the push names too many refs"));
    });
    socket.once("close", () => reject(new Error("the hook went away before it had asked")));
  });
}

/** False when the hook is gone. */
async function send(socket: Socket, news: PushNews): Promise<boolean> {
  if (socket.destroyed || !socket.writable) return false;
  if (socket.write(`${JSON.stringify(news)}\n`)) return true;
  return new Promise((resolve) => {
    const end = () => {
      socket.off("drain", end).off("close", end);
      resolve(!socket.destroyed);
    };
    socket.on("drain", end).on("close", end);
  });
}
