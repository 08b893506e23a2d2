import type { Socket } from "node:net";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Deadlines } from "./deadlines.ts";
import { DynoConnection, type ResponseListener } from "./dyno-connection.ts";
import { closedPort, type FakeDyno, rawDyno, until } from "./proxy-fixtures.ts";
import { PROXY_LIMITS, type ProxyLimits } from "./proxy-limits.ts";
import { Outbox } from "./socket-writer.ts";

/** Writes down all it is told, one line each. */
class Recorder implements ResponseListener {
  readonly told: string[] = [];
  /** Called with each line; for what a listener does while it is told. */
  meanwhile: (line: string) => void = () => {};

  connected = () => this.#note("connected");
  unreachable = (why: string) => this.#note(`unreachable ${why}`);
  informational = (head: { status: number }) => this.#note(`informational ${head.status}`);
  responseHead = (head: { status: number }) => this.#note(`head ${head.status}`);
  responseData = (bytes: Buffer) => this.#note(`data ${bytes.toString("latin1")}`);
  responseEnd = (trailers: readonly { name: string }[], reusable: boolean) =>
    this.#note(`end${trailers.map(({ name }) => ` ${name}`).join("")}${reusable ? " reusable" : ""}`);
  switched = (_head: unknown, first: Buffer | undefined) => this.#note(`switched ${first?.toString() ?? ""}`);
  rejected = (why: { kind: string; desc?: string }) => this.#note(`rejected ${why.desc ?? why.kind}`);
  broke = (silent: boolean) => this.#note(`broke${silent ? " silent" : ""}`);
  fault = (error: unknown) => this.#note(`fault ${(error as Error).message}`);
  flush = () => {};
  requestWritable = () => {};

  /** Data joined, so that it does not matter how the response was cut. */
  joined(): string[] {
    const joined: string[] = [];
    for (const line of this.told) {
      const before = joined.at(-1);
      if (line.startsWith("data ") && before?.startsWith("data ")) joined[joined.length - 1] += line.slice(5);
      else joined.push(line);
    }
    return joined;
  }

  #note(line: string): void {
    this.told.push(line);
    this.meanwhile(line);
  }
}

let dyno: FakeDyno;
let sockets: Socket[];
let ended: DynoConnection[];
const deadlines = new Deadlines();

beforeEach(async () => {
  sockets = [];
  ended = [];
  dyno = await rawDyno((socket) => sockets.push(socket.on("data", () => {}) as Socket));
});
afterEach(() => dyno.stop());

function connect(
  listener: ResponseListener,
  limits: Partial<ProxyLimits> = {},
  port = dyno.port,
): DynoConnection {
  const onRestEnd = (connection: DynoConnection) => ended.push(connection);
  return new DynoConnection(
    {
      host: "127.0.0.1",
      port,
      limits: { ...PROXY_LIMITS, ...limits },
      deadlines,
      outbox: new Outbox(),
      onRestEnd,
    },
    listener,
  );
}

async function connected(listener: Recorder, limits: Partial<ProxyLimits> = {}): Promise<DynoConnection> {
  const connection = connect(listener, limits);
  await until(() => listener.told.includes("connected") && sockets.length > 0);
  return connection;
}

/** As if this had come in one read. */
function receive(connection: DynoConnection, text: string): void {
  connection.socket.emit("data", Buffer.from(text, "latin1"));
}

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

describe("a connection to a dyno", () => {
  it.each<[string, string, string, string[]]>([
    ["a length", "GET", OK, ["head 200", "data ok", "end reusable"]],
    ["no body", "GET", "HTTP/1.1 204 No Content\r\n\r\n", ["head 204", "end reusable"]],
    [
      "an answer to HEAD",
      "HEAD",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n",
      ["head 200", "end reusable"],
    ],
    [
      "chunks and trailers",
      "GET",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n1\r\n!\r\n0\r\nX-Sum: 1\r\n\r\n",
      ["head 200", "data ok!", "end X-Sum reusable"],
    ],
    [
      "hints first",
      "GET",
      `HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 102 Wait\r\n\r\n${OK}`,
      ["informational 103", "informational 102", "head 200", "data ok", "end reusable"],
    ],
    [
      "a close",
      "GET",
      OK.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"),
      ["head 200", "data ok", "end"],
    ],
    ["too much", "GET", `${OK}HTTP/1.1 200 OK\r\n\r\n`, ["head 200", "data ok", "end"]],
    ["an upgrade", "GET", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nfirst", ["switched first"]],
    ["no HTTP", "GET", "SSH-2.0\r\n\r\n", ["rejected malformed"]],
    [
      "a head without end",
      "GET",
      `HTTP/1.1 200 OK\r\nX: ${"x".repeat(1024 * 1024)}`,
      ["rejected oversized header"],
    ],
    [
      "a bad chunk",
      "GET",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
      ["head 200", "broke"],
    ],
  ])("tells of %s", async (_name, method, text, expected) => {
    const listener = new Recorder();
    const connection = await connected(listener);
    connection.begin(listener, method, "head");
    receive(connection, text);
    expect(listener.joined().slice(1)).toEqual(expected);
    connection.destroy();
  });

  it("tells the same however the answer is cut", async () => {
    const answers: readonly (readonly [string, string])[] = [
      ["GET", OK],
      ["GET", `HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n${OK}`],
      ["GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n"],
      ["HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"],
    ];
    const run = (connection: DynoConnection, method: string, pieces: readonly string[]) => {
      const listener = new Recorder();
      connection.begin(listener, method, "");
      for (const piece of pieces) receive(connection, piece);
      return listener.joined();
    };
    const first = new Recorder();
    const connection = await connected(first);
    const cuts = fc.array(fc.integer({ min: 1, max: 120 }), { maxLength: 12 });
    fc.assert(
      fc.property(fc.constantFrom(...answers), cuts, ([method, text], at) => {
        const ends = [
          0,
          ...[...new Set(at)].filter((cut) => cut < text.length).sort((a, b) => a - b),
          text.length,
        ];
        const pieces = ends.slice(1).map((end, i) => text.slice(ends[i], end));
        expect(run(connection, method, pieces)).toEqual(run(connection, method, [text]));
      }),
    );
    connection.destroy();
  });

  it("carries one request after the other, and forgets who asked before", async () => {
    const listeners = [new Recorder(), new Recorder()] as const;
    const connection = await connected(listeners[0]);
    connection.begin(listeners[0], "GET", "");
    receive(connection, OK);
    expect(connection.used).toBe(false);
    connection.rest();
    expect(connection.used).toBe(true);
    connection.begin(listeners[1], "HEAD", "");
    receive(connection, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
    expect(listeners[0].told).toEqual(["connected", "head 200", "data ok", "end reusable"]);
    expect(listeners[1].told).toEqual(["head 200", "end reusable"]);
    connection.destroy();
  });

  it.each([
    ["before any byte", "", true, "broke silent"],
    ["within the head", "HTTP/1.1 200", true, "broke"],
    ["within the body", OK.slice(0, -1), true, "broke"],
    ["within chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", true, "broke"],
    ["where it may", "HTTP/1.1 200 OK\r\n\r\nok", true, "end"],
    ["where it may, but by a reset", "HTTP/1.1 200 OK\r\n\r\nok", false, "broke"],
  ])("tells of an end %s", async (_name, text, orderly, expected) => {
    const listener = new Recorder();
    const connection = await connected(listener);
    connection.begin(listener, "GET", "");
    if (text) receive(connection, text);
    if (orderly) sockets[0]?.end();
    else sockets[0]?.resetAndDestroy();
    await until(() => listener.told.at(-1) === expected);
    connection.destroy();
  });

  it("tells when nothing listens", async () => {
    const listener = new Recorder();
    connect(listener, {}, await closedPort());
    await until(() => listener.told.length > 0);
    expect(listener.told).toEqual(["unreachable refused"]);
  });

  it("tells when its time to connect is over, once", () => {
    const listener = new Recorder();
    const connection = connect(listener, { connectMs: 10 });
    deadlines.round(performance.now() + 5);
    expect(listener.told).toEqual([]);
    deadlines.round(performance.now() + 20);
    deadlines.round(performance.now() + 40);
    expect(listener.told).toEqual(["unreachable timeout"]);
    expect(connection.socket.destroyed).toBe(true);
  });

  it.each(["head 200", "data ok", "informational 103"])(
    "may be destroyed by its listener at %s",
    async (moment) => {
      const listener = new Recorder();
      const connection = await connected(listener);
      listener.meanwhile = (line) => {
        if (line === moment) connection.destroy();
      };
      connection.begin(listener, "GET", "");
      receive(connection, `HTTP/1.1 103 Hints\r\n\r\n${OK}`);
      expect(listener.told.at(-1)).toBe(moment);
      expect(connection.socket.destroyed).toBe(true);
    },
  );

  it("tells an error of its listener's back to it, and to nobody else", async () => {
    const listener = new Recorder();
    const connection = await connected(listener);
    listener.meanwhile = (line) => {
      if (line === "head 200") throw new Error("a bug");
    };
    connection.begin(listener, "GET", "");
    receive(connection, OK);
    expect(listener.told.slice(1)).toEqual(["head 200", "fault a bug"]);
    connection.destroy();
  });

  it("is gone from its rest when the dyno ends it, speaks unasked, or its time is over", async () => {
    for (const leave of [
      async () => void sockets.at(-1)?.end(),
      async () => void sockets.at(-1)?.write("HTTP/1.1 408 Late\r\n\r\n"),
      async () => void sockets.at(-1)?.resetAndDestroy(),
      async () => deadlines.round(performance.now() + PROXY_LIMITS.dynoIdleMs + 1),
    ]) {
      const listener = new Recorder();
      const connection = await connected(listener);
      connection.begin(listener, "GET", "");
      receive(connection, OK);
      connection.rest();
      const before = listener.told.length;
      await leave();
      await until(() => ended.includes(connection));
      expect(connection.socket.destroyed).toBe(true);
      expect(listener.told).toHaveLength(before);
      sockets.length = 0;
    }
  });

  it("rests as long as the app says, less a second, and never longer than the limit", async () => {
    const times: number[] = [];
    for (const field of [
      "",
      "Keep-Alive: timeout=5\r\n",
      "Keep-Alive: timeout=0\r\n",
      "Keep-Alive: timeout=9999\r\n",
    ]) {
      const listener = new Recorder();
      const connection = await connected(listener);
      connection.begin(listener, "GET", "");
      receive(connection, `HTTP/1.1 200 OK\r\n${field}Content-Length: 0\r\n\r\n`);
      connection.rest();
      times.push(Math.round(connection.deadline - connection.restedAt));
      connection.destroy();
    }
    expect(times).toEqual([90_000, 4000, 0, 90_000]);
  });

  it("touches its socket no more once it is handed over", async () => {
    const listener = new Recorder();
    const connection = await connected(listener);
    connection.begin(listener, "GET", "");
    receive(connection, "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n");
    const socket = connection.handOver();
    const before = listener.told.length;
    sockets[0]?.write("more");
    const [piece] = await new Promise<[Buffer]>((resolve) =>
      socket.once("data", (data: Buffer) => resolve([data])),
    );
    expect(piece.toString()).toBe("more");
    sockets[0]?.end();
    await new Promise((resolve) => socket.once("end", resolve));
    expect(listener.told).toHaveLength(before);
    expect(socket.destroyed).toBe(false);
    socket.destroy();
  });
});
