import { createServer } from "node:http";
import { duplexPair } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BodyReader } from "./body-reader.ts";
import { HeadBuffer } from "./head-buffer.ts";
import { parseRequestHead, REQUEST_LIMITS } from "./request-head.ts";

interface Reading {
  /** `METHOD target body trailers`, one for each request that was read whole. */
  readonly requests: readonly string[];
  readonly refused: boolean;
}

/** Reads a connection's bytes, in these pieces, as the router does. */
function readPieces(pieces: readonly Buffer[]): Reading {
  const requests: string[] = [];
  const head = new HeadBuffer(REQUEST_LIMITS.headBytes, { skipsEmptyLines: true });
  let body: BodyReader | undefined;
  let text = "";
  for (const whole of pieces) {
    for (let piece: Buffer | undefined = whole; piece && piece.length > 0; ) {
      if (body) {
        const rest = body.push(piece);
        if (rest === "broken") return { requests, refused: true };
        if (body.ended) body = undefined;
        piece = rest;
        continue;
      }
      const outcome = head.push(piece);
      if (outcome.kind === "partial") break;
      if (outcome.kind !== "complete") return { requests, refused: true };
      const request = parseRequestHead(outcome.text);
      if (request.kind === "refused") return { requests, refused: true };
      const name = `${request.method} ${request.target}`;
      text = "";
      if (request.body.kind === "none") requests.push(`${name} |`);
      else
        body = new BodyReader(request.body, {
          bodyData: (bytes) => {
            text += bytes.toString("latin1");
          },
          bodyEnd: (trailers) => {
            requests.push(
              `${name} ${text}|${trailers.map(({ lower, value }) => `${lower}=${value}`).join()}`,
            );
          },
        });
      piece = outcome.rest;
    }
  }
  return { requests, refused: false };
}

const read = (text: string) => readPieces([Buffer.from(text, "latin1")]);

/** Lines that have been used to make two readers disagree, beside ordinary ones. */
const line = fc.constantFrom(
  ...[
    "Content-Length: 3",
    "Content-Length: 0",
    "content-length:3",
    "Content-Length: 3 ",
    "Content-Length: 03",
    "Content-Length: 3,3",
  ],
  ...[
    "Content-Length: 3\xa0",
    "Content-Length: \xa03",
    "Content-Length: +3",
    "Content-Length: 0x3",
    "Content-Length : 3",
    "Content-Length: 4",
  ],
  ...[
    "Transfer-Encoding: chunked",
    "transfer-encoding:\tchunked",
    "Transfer-Encoding: \xa0chunked",
    "Transfer-Encoding: chunked\xa0",
  ],
  ...[
    "Transfer-Encoding: \x85chunked",
    "Transfer-Encoding: x, chunked",
    "Transfer-Encoding: ,chunked",
    'Transfer-Encoding: "chunked"',
  ],
  ...[
    "Transfer-Encoding: chunked;q=1",
    "Transfer-Encoding : chunked",
    "Transfer\xadEncoding: chunked",
    "X-A: 1",
    "X-B:",
    " folded",
    "X\x00: 1",
  ],
  ...[
    "X: a\rContent-Length: 3",
    "X: a\nContent-Length: 3",
    "Connection: keep-alive",
    "Connection: Transfer-Encoding",
    "Expect: 100-continue",
  ],
);
const payload = fc.constantFrom(
  "abc",
  "3\r\nabc\r\n0\r\n\r\n",
  "3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n",
  "03;x=y\r\nabc\r\n0\r\n\r\n",
  "3\nabc\n0\n\n",
  "3 \r\nabc\r\n0\r\n\r\n",
  "0\r\n\r\n",
  "",
  "abcd",
  "0x3\r\nabc\r\n0\r\n\r\n",
  "3\r\nabcd\r\n0\r\n\r\n",
);
const start = fc.constantFrom(
  "GET /a HTTP/1.1",
  "POST /a HTTP/1.1",
  "POST /a HTTP/1.0",
  "POST http://h/a HTTP/1.1",
  "POST /a  HTTP/1.1",
  "POST /a HTTP/1.1 ",
  "post /a HTTP/1.1",
);
const request = fc
  .tuple(fc.constantFrom("", "", "\r\n", "\r\n\r\n", "\n"), start, fc.array(line, { maxLength: 3 }), payload)
  .map(
    ([before, first, lines, body]) => `${before}${[first, "Host: h", ...lines].join("\r\n")}\r\n\r\n${body}`,
  );
const stream = fc.array(request, { minLength: 1, maxLength: 3 }).map((all) => all.join(""));

/** Requests that are mostly taken, one doubtful line among them. */
const likely = fc
  .tuple(
    fc.constantFrom("Content-Length: 3", "Transfer-Encoding: chunked", "X-A: 1"),
    line,
    payload,
    fc.boolean(),
  )
  .map(([framing, doubtful, body, first]) => {
    const lines = first ? [framing, doubtful] : [doubtful, framing];
    return `${["POST /a HTTP/1.1", "Host: h", ...lines].join("\r\n")}\r\n\r\n${body}`;
  });

function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
}

describe("a connection cut anywhere", () => {
  it("is read as in one piece", () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 8 }), (text, places) => {
        const bytes = Buffer.from(text, "latin1");
        expect(readPieces(cutAt(bytes, places))).toEqual(readPieces([bytes]));
      }),
      { numRuns: 2000 },
    );
  });

  it("is read byte by byte as in one piece", () => {
    fc.assert(
      fc.property(stream, (text) => {
        const bytes = Buffer.from(text, "latin1");
        expect(readPieces(Array.from(bytes, (_, i) => bytes.subarray(i, i + 1)))).toEqual(
          readPieces([bytes]),
        );
      }),
      { numRuns: 300 },
    );
  });
});

describe("a blank that is none", () => {
  it.each([
    "Transfer-Encoding: \xa0chunked",
    "Transfer-Encoding: chunked\xa0",
    "Transfer-Encoding: chunked,\xa0",
    "Content-Length: 3\xa0",
    "Content-Length: 3,\xa03",
  ])("%j is refused: other readers take it for part of the value", (odd) => {
    expect(read(`POST / HTTP/1.1\r\nHost: h\r\n${odd}\r\n\r\nabc`)).toEqual({ requests: [], refused: true });
  });
});

/** Node's own parser stands for the next reader, the app: what the router takes, it must read the same way or refuse. */
describe("beside another reader", () => {
  const server = createServer({ requireHostHeader: false, keepAliveTimeout: 0 });
  let seen: string[] = [];
  beforeAll(() => {
    const take = (message: import("node:http").IncomingMessage) => {
      let text = "";
      message.setEncoding("latin1");
      message.on("data", (chunk: string) => {
        text += chunk;
      });
      message.on("end", () => {
        const trailers = Object.entries(message.trailers).map(([name, value]) => `${name}=${value}`);
        seen.push(`${message.method} ${message.url?.replace("http://h", "")} ${text}|${trailers.join()}`);
      });
    };
    const answer: import("node:http").RequestListener = (message, response) => {
      take(message);
      message.on("end", () => response.end());
    };
    server
      .on("request", answer)
      .on("checkContinue", answer)
      .on("clientError", (_, socket) => socket.destroy());
  });
  afterAll(() => server.close());

  async function readByNode(bytes: Buffer): Promise<readonly string[]> {
    seen = [];
    const [ours, theirs] = duplexPair();
    ours.on("error", () => {}).resume();
    theirs.on("error", () => {});
    server.emit("connection", theirs);
    ours.write(bytes);
    for (let i = 0; i < 12; i++) await turn();
    ours.destroy();
    theirs.destroy();
    await turn();
    return seen;
  }

  it("no request is read in another way", async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(fc.oneof(request, { weight: 3, arbitrary: likely }), async (text) => {
        const { requests } = read(text);
        const [first] = requests;
        if (first === undefined) return;
        const [theirs] = await readByNode(Buffer.from(text, "latin1"));
        if (theirs === undefined) return;
        expect({ text, read: theirs }).toEqual({ text, read: first });
        compared += 1;
      }),
      { numRuns: 3_000 },
    );
    // So many are usual: 120 to 180.
    expect(compared).toBeGreaterThan(20);
  });
});
