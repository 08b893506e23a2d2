import { request } from "node:http";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FakeDyno, type FakeRouter, fakeRouter, httpDyno } from "./proxy-fixtures.ts";

/** What passes through the router must come out as it went in, whatever it is. Node's own client and server are the judges. */

interface Message {
  readonly fields: readonly (readonly [string, string])[];
  readonly body: readonly string[];
  /** State the length, or send in chunks. */
  readonly stated: boolean;
}

interface Asked extends Message {
  readonly method: string;
  readonly path: string;
}

interface Answered extends Message {
  readonly status: number;
}

interface Seen {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly fields: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
}

let dyno: FakeDyno;
let router: FakeRouter;
let next: Answered;
let seen: Seen;

beforeAll(async () => {
  dyno = await httpDyno((incoming, response) => {
    const pieces: Buffer[] = [];
    incoming.on("data", (piece: Buffer) => pieces.push(piece));
    incoming.on("end", () => {
      const { method, url: path, headersDistinct } = incoming;
      seen = {
        method,
        path,
        fields: headersDistinct as Seen["fields"],
        body: Buffer.concat(pieces).toString("latin1"),
      };
      response.writeHead(next.status, framed(next));
      for (const piece of next.body) response.write(Buffer.from(piece, "latin1"));
      response.end();
    });
  });
  router = await fakeRouter();
  router.endpoints(dyno.port);
});

afterAll(async () => {
  await router.stop();
  await dyno.stop();
});

function framed({ fields, body, stated }: Message): string[] {
  const flat = fields.flat();
  // Node's client sends the body of a GET without any framing unless it is told.
  if (!stated) return body.length > 0 ? [...flat, "Transfer-Encoding", "chunked"] : flat;
  return [...flat, "Content-Length", String(body.reduce((sum, piece) => sum + piece.length, 0))];
}

function ask({ method, path, ...message }: Asked): Promise<Seen & { status: number | undefined }> {
  return new Promise((resolve, reject) => {
    const headers = ["Host", "app.localhost", ...framed(message)];
    const outgoing = request({ host: "127.0.0.1", port: router.port, method, path, headers }, (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece)).on("error", reject);
      response.on("end", () =>
        resolve({
          method,
          path,
          status: response.statusCode,
          fields: response.headersDistinct as Seen["fields"],
          body: Buffer.concat(pieces).toString("latin1"),
        }),
      );
    });
    outgoing.on("error", reject);
    for (const piece of message.body) outgoing.write(Buffer.from(piece, "latin1"));
    outgoing.end();
  });
}

/** The fields of the message, by lower-case name, as Node lists them. */
function listed(fields: Message["fields"]): Record<string, string[]> {
  const all: Record<string, string[]> = {};
  for (const [name, value] of fields) {
    const lower = name.toLowerCase();
    all[lower] = [...(all[lower] ?? []), value];
  }
  return all;
}

const byte = fc
  .string({ unit: "binary", maxLength: 5000 })
  .map((text) => Buffer.from(text, "latin1").toString("latin1"));
const value = fc
  .string({ unit: fc.constantFrom(..."abcXYZ019 -_.,;:=/\"'()[]{}\xe4\xff\t") })
  .map((text) => text.trim());
const name = fc
  .stringMatching(/^[Xx]-[A-Za-z0-9_-]{1,20}$/)
  .filter((each) => !/^x-(forwarded|request)-/i.test(each));
const message = {
  fields: fc.array(fc.tuple(name, value), { maxLength: 8 }),
  body: fc.array(
    byte.filter((piece) => piece !== ""),
    { maxLength: 4 },
  ),
  stated: fc.boolean(),
};
const asked: fc.Arbitrary<Asked> = fc.record({
  ...message,
  method: fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"),
  path: fc.stringMatching(/^\/[A-Za-z0-9/._~!$&'()*+,;=:@%?"<>{}|^`-]{0,60}$/),
});
const answered: fc.Arbitrary<Answered> = fc.record({
  ...message,
  status: fc.constantFrom(200, 201, 202, 206, 301, 302, 400, 404, 418, 429, 500, 503, 599),
});

describe("the router", () => {
  it("changes nothing in requests and responses but what is its own", async () => {
    await fc.assert(
      fc.asyncProperty(asked, answered, async (question, answer) => {
        next = answer;
        const got = await ask(question);
        expect(seen).toMatchObject({ method: question.method, path: question.path });
        expect(seen.body === question.body.join("")).toBe(true);
        expect(seen.fields).toMatchObject(listed(question.fields));
        expect(got.status).toBe(answer.status);
        expect(got.body === answer.body.join("")).toBe(true);
        expect(got.fields).toMatchObject(listed(answer.fields));
        const own = Object.keys(got.fields).filter((field) => !(field in listed(answer.fields)));
        const framing = answer.stated ? "content-length" : "transfer-encoding";
        expect(own.sort()).toEqual(["date", "server", "via", framing].sort());
      }),
      { numRuns: 150 },
    );
    const good = router.lines.filter(({ message: line }) => line.startsWith("at=info "));
    expect(good).toHaveLength(router.lines.length);
  });
});
