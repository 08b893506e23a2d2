import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex, duplexPair } from "node:stream";
import { connect, createServer, type Server } from "node:tls";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openCertificateAuthority } from "../../edge/certificate/index.ts";
import { type LogLine, newId, notFound, silentLogger } from "../../kernel/index.ts";
import { makeAttachUrl } from "./attach-secret.ts";
import { makeRendezvous } from "./rendezvous.ts";

const KEY = Buffer.alloc(32, 1);
const dynoId = newId();
const secret = makeAttachUrl(KEY)("https://localhost:6400", dynoId).replace(/^.*\//, "");

const folder = mkdtempSync(join(tmpdir(), "conifer-rendezvous-"));
const caFile = join(folder, "ca.crt");
const certificate = openCertificateAuthority({
  caFile,
  keyFile: join(folder, "ca.key"),
  now: () => new Date(),
}).issue(["localhost"]);
afterAll(() => rmSync(folder, { recursive: true }));

let server: Server;
let sockets: Socket[];
let said: LogLine[];
/** The dyno's side of each session that began, and ours. */
let sessions: Duplex[];
let taken: Duplex[];
let attach: (id: string) => Promise<Duplex>;

beforeEach(async () => {
  [sockets, said, sessions, taken] = [[], [], [], []];
  attach = async (id) => {
    if (id !== dynoId) throw notFound("dyno");
    const [ours, theirs] = duplexPair();
    sessions.push(ours);
    taken.push(theirs);
    return theirs;
  };
  const rendezvous = makeRendezvous({
    attach: (id) => attach(id),
    key: KEY,
    clock: () => new Date(0),
    logger: silentLogger,
    logs: { write: (line) => void said.push(line) },
    findDyno: async (id) => (id === dynoId ? { appId: "an-app", name: "run.4821" } : undefined),
    firstLineMs: 500,
    lineEndMs: 40,
  });
  server = createServer(certificate, (socket) => {
    sockets.push(socket);
    socket.once("data", (first) => {
      socket.pause();
      rendezvous(socket, first);
      socket.resume();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  for (const session of sessions) session.destroy();
  server.close();
  await once(server, "close");
});

/** A client that sends these pieces, each in a packet of its own. */
async function client(...pieces: readonly (string | Buffer)[]) {
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const ca = readFileSync(caFile);
  const socket = connect({ port, host: "127.0.0.1", servername: "localhost", ca });
  sockets.push(socket);
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk)).on("error", () => {});
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await once(socket, "secureConnect");
  for (const piece of pieces) {
    await new Promise<void>((resolve) => void socket.write(piece, () => resolve()));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return { socket, chunks, closed, text: () => Buffer.concat(chunks).toString() };
}

/** What the dyno has read. */
function input(session: Duplex | undefined) {
  const chunks: Buffer[] = [];
  session?.on("data", (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

const half = Math.floor(secret.length / 2);

describe("a client with the secret", () => {
  test.each<[string, readonly string[], string]>([
    ["and CRLF", [`${secret}\r\n`], ""],
    ["and LF", [`${secret}\n`], ""],
    ["and no line end", [secret], ""],
    ["in two packets", [secret.slice(0, half), `${secret.slice(half)}\r\n`], ""],
    ["a few bytes at a time", `${secret}\r\n`.match(/.{1,9}/gs) ?? [], ""],
    ["and its line end in a packet of its own", [secret, "\r\n"], ""],
    ["and its line end in two", [`${secret}\r`, "\n"], ""],
    ["and a query", [`${secret}?a=b\r\n`], ""],
    ["and input right behind it", [`${secret}\r\nls\n`], "ls\n"],
    ["and input behind no line end", [`${secret}ls\n`], "ls\n"],
  ])("%s is connected to its dyno, and nothing of it is input", async (_name, pieces, early) => {
    const { socket, text } = await client(...pieces);
    await vi.waitFor(() => expect(text()).toBe("rendezvous\r\n"));
    const read = input(sessions[0]);
    sessions[0]?.write("hello");
    await vi.waitFor(() => expect(text()).toBe("rendezvous\r\nhello"));
    socket.write("typed");
    await vi.waitFor(() => expect(read()).toBe(`${early}typed`));
    expect(said).toEqual([]);
  });

  test("gets the banner alone in its first chunk, whatever the dyno has said already", async () => {
    attach = async () => {
      const [ours, theirs] = duplexPair();
      sessions.push(ours);
      ours.write("said before anybody listened\n");
      return theirs;
    };
    const { chunks, text } = await client(`${secret}\r\n`);
    await vi.waitFor(() => expect(text()).toBe("rendezvous\r\nsaid before anybody listened\n"));
    expect(chunks[0]?.toString()).toBe("rendezvous\r\n");
  });

  test("gets every byte as it is", async () => {
    const { socket, chunks } = await client(`${secret}\r\n`);
    await vi.waitFor(() => expect(sessions).toHaveLength(1));
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 256));
    sessions[0]?.write(bytes);
    await vi.waitFor(() => expect(Buffer.concat(chunks).subarray(12).equals(bytes)).toBe(true));
    const [session] = sessions;
    const got: Buffer[] = [];
    session?.on("data", (chunk: Buffer) => got.push(chunk));
    socket.write(bytes);
    await vi.waitFor(() => expect(Buffer.concat(got).equals(bytes)).toBe(true));
  });

  test("is closed when the dyno ends, after its last words", async () => {
    const { text, closed } = await client(`${secret}\r\n`);
    await vi.waitFor(() => expect(sessions).toHaveLength(1));
    sessions[0]?.end("bye");
    await closed;
    expect(text()).toBe("rendezvous\r\nbye");
    expect(said).toEqual([]);
  });

  test("that goes away takes the session with it", async () => {
    const { socket, text } = await client(`${secret}\r\n`);
    await vi.waitFor(() => expect(text()).toBe("rendezvous\r\n"));
    socket.destroy();
    await vi.waitFor(() => expect(taken[0]?.destroyed).toBe(true));
  });

  test("that went away before its dyno was found leaves no session open", async () => {
    const found = Promise.withResolvers<Duplex>();
    attach = () => found.promise;
    const { socket } = await client(`${secret}\r\n`);
    const [, theirSide] = sockets.toSorted((a) => (a === socket ? -1 : 1));
    socket.destroy();
    await vi.waitFor(() => expect(theirSide?.destroyed).toBe(true));
    const [, theirs] = duplexPair();
    found.resolve(theirs);
    await vi.waitFor(() => expect(theirs.destroyed).toBe(true));
  });

  test("whose session breaks off is told in the app's log", async () => {
    attach = async () => {
      const broken = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() });
      sessions.push(broken);
      return broken;
    };
    const { closed } = await client(`${secret}\r\n`);
    await vi.waitFor(() => expect(sessions).toHaveLength(1));
    sessions[0]?.destroy(new Error("the dyno host went away"));
    await closed;
    await vi.waitFor(() =>
      expect(said).toMatchObject([
        {
          appId: "an-app",
          source: "heroku",
          process: "run.4821",
          message: "Error R13 (Attach error) -> The session broke off: the dyno host went away",
        },
      ]),
    );
  });

  test("whose dyno does not wait for it is refused, and the app's log says so", async () => {
    attach = () => Promise.reject(notFound("dyno"));
    const { closed, text } = await client(`${secret}\r\n`);
    await closed;
    expect(text()).toBe("");
    expect(said).toMatchObject([
      { message: "Error R13 (Attach error) -> Failed to attach to process: Couldn't find that dyno." },
    ]);
  });
});

describe("a client without it", () => {
  const other = makeAttachUrl(Buffer.alloc(32, 2))("https://localhost:6400", dynoId).replace(/^.*\//, "");
  test.each([
    ["a secret of another instance", [`${other}\r\n`]],
    ["something else", ["GET / HTTP/1.1\r\n\r\n"]],
    ["too much", ["x".repeat(1_000)]],
    ["a query without end", [`${secret}?${"x".repeat(600)}`]],
    ["half of it, for too long", [secret.slice(0, half)]],
  ])("that sends %s is shown the door", async (_name, pieces) => {
    const { closed, text } = await client(...pieces);
    await closed;
    expect([text(), sessions, said]).toEqual(["", [], []]);
  });

  test("that goes away in the middle leaves nothing", async () => {
    const { socket } = await client(secret.slice(0, half));
    socket.destroy();
    await vi.waitFor(() => expect(sockets.every(({ destroyed }) => destroyed)).toBe(true));
    expect(sessions).toEqual([]);
  });
});
