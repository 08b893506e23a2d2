import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as later } from "node:timers/promises";
import { type LogLine, type Running, silentLogger } from "../../kernel/index.ts";
import type { AppRoute, Endpoint } from "../route/index.ts";
import { appRoute, endpoint } from "../route/route-fixtures.ts";
import { RoutingTable } from "../table/index.ts";
import { type ProxyOptions, type RunningProxy, startProxy } from "./proxy-server.ts";

/** A dyno for tests: something that listens. */
export interface FakeDyno extends Running {
  readonly port: number;
  /** Connections that were opened to it, closed ones included. */
  readonly opened: () => number;
  /** Cuts every connection and listens no longer, as a process that is killed. */
  kill(): void;
}

/** A dyno that speaks HTTP as Node does. */
export function httpDyno(handler: RequestListener): Promise<FakeDyno> {
  const server = createHttpServer({ keepAliveTimeout: 60_000, requestTimeout: 0 }, handler);
  return listening(server as never);
}

/** A dyno that does with its connections whatever the test wants. */
export function rawDyno(serve: (socket: Socket) => void): Promise<FakeDyno> {
  return listening(
    createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      socket.on("error", () => {});
      serve(socket);
    }),
  );
}

/** Answers each head it reads, once, with what `answer` returns: bytes to send, or nothing. */
export function answeringDyno(
  answer: (head: string, socket: Socket) => string | undefined,
): Promise<FakeDyno> {
  return rawDyno((socket) => {
    let held = "";
    socket.on("data", (piece) => {
      held += piece.toString("latin1");
      for (let end = held.indexOf("\r\n\r\n"); end >= 0; end = held.indexOf("\r\n\r\n")) {
        const said = answer(held.slice(0, end), socket);
        held = held.slice(end + 4);
        if (said !== undefined) socket.write(said, "latin1");
      }
    });
    socket.on("end", () => socket.end());
  });
}

async function listening(server: ReturnType<typeof createServer>): Promise<FakeDyno> {
  const sockets = new Set<Socket>();
  let opened = 0;
  server.on("connection", (socket: Socket) => {
    opened += 1;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const kill = () => {
    server.close();
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    opened: () => opened,
    kill,
    stop: async () => kill(),
  };
}

/** A port that nothing listens on. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A router for tests with one app, `app`, and what its log got. */
export interface FakeRouter extends Running {
  readonly proxy: RunningProxy;
  readonly port: number;
  readonly table: RoutingTable;
  readonly lines: LogLine[];
  /** Sets the app's endpoints: a number is a web dyno up at that port. */
  endpoints(...endpoints: readonly (number | Endpoint)[]): void;
  route(parts: Partial<AppRoute>): void;
  /** The fields of the log's newest line, once there are `count` lines. */
  logged(count?: number): Promise<Readonly<Record<string, string>>>;
}

export async function fakeRouter(options: Partial<ProxyOptions> = {}): Promise<FakeRouter> {
  const table = new RoutingTable();
  const lines: LogLine[] = [];
  let version = 1;
  const route = (parts: Partial<AppRoute>) => {
    version += 1;
    table.write({ kind: "put", version, route: appRoute("app", parts) });
  };
  route({});
  const proxy = await startProxy({
    table,
    domain: "localhost",
    firstPage: () => "<h1>Conifer is ready</h1>",
    log: { write: (line) => lines.push(line) },
    logger: silentLogger,
    now: () => new Date(),
    addresses: ["127.0.0.1"],
    port: 0,
    ...options,
    limits: { tickMs: 5, stopMs: 2000, ...options.limits },
  });
  return {
    proxy,
    port: proxy.ports[0] ?? 0,
    table,
    lines,
    route,
    endpoints: (...endpoints) => {
      const all = endpoints.map((each, i) =>
        typeof each === "number" ? endpoint(`web.${i + 1}`, { port: each, dynoId: `dyno-${each}` }) : each,
      );
      table.news({ kind: "app", appId: appRoute("app").appId, endpoints: all });
    },
    logged: async (count = 1) => {
      await until(() => lines.length >= count, `${count} log lines`);
      return logFields(lines.at(-1)?.message ?? "");
    },
    stop: () => proxy.stop(),
  };
}

/** Reads a logfmt line. */
export function logFields(line: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [, name = "", quoted, plain = ""] of line.matchAll(/(\w+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))/g)) {
    fields[name] = quoted ?? plain;
  }
  return fields;
}

/** A client that writes what it likes and keeps all it is told. */
export interface RawClient {
  readonly socket: Socket;
  /** Everything received, one character per byte. */
  readonly text: () => string;
  send(text: string): void;
  /** Waits until what was received holds the text, `times` times. */
  receives(text: string, times?: number): Promise<string>;
  /** Waits until the router has ended or cut the connection; tells which. */
  ended(): Promise<"ended" | "reset">;
}

export async function rawClient(port: number): Promise<RawClient> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
  let text = "";
  let end: "ended" | "reset" | undefined;
  socket.on("data", (piece) => {
    text += piece.toString("latin1");
  });
  socket.on("end", () => {
    end ??= "ended";
    socket.end();
  });
  socket.on("error", () => {
    end ??= "reset";
  });
  await once(socket, "connect");
  return {
    socket,
    text: () => text,
    send: (bytes) => socket.write(bytes, "latin1"),
    receives: async (wanted, times = 1) => {
      await until(
        () => text.split(wanted).length > times,
        `${JSON.stringify(wanted)} in ${JSON.stringify(text)}`,
      );
      return text;
    },
    ended: async () => {
      await until(() => end !== undefined, "the connection's end");
      return end as "ended" | "reset";
    },
  };
}

/** One request on a connection of its own, given as the lines of its head; the whole answer. */
export async function ask(port: number, ...lines: readonly string[]): Promise<Answer> {
  const client = await rawClient(port);
  client.send(`${lines.join("\r\n")}\r\nConnection: close\r\n\r\n`);
  await client.ended();
  client.socket.destroy();
  return readAnswer(client.text());
}

export interface Answer {
  readonly status: number;
  readonly head: string;
  /** By lower-case name; of several the last. */
  readonly fields: Readonly<Record<string, string>>;
  readonly body: string;
}

export function readAnswer(text: string): Answer {
  const end = text.indexOf("\r\n\r\n");
  const head = end < 0 ? text : text.slice(0, end);
  const fields = head
    .split("\r\n")
    .slice(1)
    .map((line) => [
      line.slice(0, line.indexOf(":")).toLowerCase(),
      line.slice(line.indexOf(":") + 1).trim(),
    ]);
  return {
    status: Number(head.split(" ")[1]),
    head,
    fields: Object.fromEntries(fields),
    body: end < 0 ? "" : text.slice(end + 4),
  };
}

/** Waits until the condition is true, five seconds at the most. */
export async function until(condition: () => boolean, what = "the condition"): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await later(2);
  }
}

/** Runs a test's body with things that are stopped afterwards, last first, however it ends. */
export async function using(
  body: (keep: <T extends Running>(thing: T | Promise<T>) => Promise<T>) => Promise<void>,
) {
  const kept: Running[] = [];
  try {
    await body(async (thing) => {
      const started = await thing;
      kept.push(started);
      return started;
    });
  } finally {
    for (const thing of kept.reverse()) await thing.stop();
  }
}
