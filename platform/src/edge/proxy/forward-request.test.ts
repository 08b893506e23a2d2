import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRequestHead, type RequestHead } from "../http1/index.ts";
import { requestIdOf, requestText } from "./forward-request.ts";

const FACTS = { peer: "10.0.0.9", proto: "http", requestId: "the-id", startedAt: 1234 } as const;

function forward(...lines: readonly string[]): string[] {
  return requestText(headOf(...lines), FACTS).split("\r\n");
}

function headOf(...lines: readonly string[]): RequestHead {
  const head = parseRequestHead(lines.join("\r\n"));
  if (head.kind !== "request") throw new Error(`refused: ${head.cause}`);
  return head;
}

describe("a forwarded request", () => {
  it("is written anew with the router's fields last", () => {
    expect(forward("GET /a?b HTTP/1.1", "Host: app.localhost:8080", "Accept: */*", "Cookie: x=1")).toEqual([
      "GET /a?b HTTP/1.1",
      "Host: app.localhost:8080",
      "Accept: */*",
      "Cookie: x=1",
      "X-Request-Id: the-id",
      "X-Forwarded-For: 10.0.0.9",
      "X-Forwarded-Proto: http",
      "X-Forwarded-Port: 8080",
      "X-Request-Start: 1234",
      "Via: 1.1 heroku-router",
      "",
      "",
    ]);
  });

  const HOST = "Host: app.localhost";
  it.each<[string, string[], string]>([
    [
      "appends to the chain of addresses",
      [HOST, "X-Forwarded-For: 1.1.1.1"],
      "X-Forwarded-For: 1.1.1.1, 10.0.0.9",
    ],
    [
      "joins several chains",
      [HOST, "X-Forwarded-For: 1.1.1.1, 2.2.2.2", "x-forwarded-for: 3.3.3.3"],
      "X-Forwarded-For: 1.1.1.1, 2.2.2.2, 3.3.3.3, 10.0.0.9",
    ],
    ["says port 80 when the client named none", [HOST], "X-Forwarded-Port: 80"],
    ["keeps Via of proxies before it", [HOST, "Via: 1.1 cdn"], "Via: 1.1 cdn"],
    ["states a length", [HOST, "Content-Length: 5"], "Content-Length: 5"],
    ["states a length of nothing", [HOST, "Content-Length: 0"], "Content-Length: 0"],
    ["states chunks", [HOST, "Transfer-Encoding: chunked"], "Transfer-Encoding: chunked"],
    ["asks for an upgrade", [HOST, "Connection: upgrade", "Upgrade: websocket"], "Upgrade: websocket"],
    ["keeps bytes above ASCII", [HOST, "X-A: caf\xc3\xa9"], "X-A: caf\xc3\xa9"],
  ])("%s", (_name, fields, expected) => {
    expect(forward("POST / HTTP/1.1", ...fields)).toContain(expected);
  });

  it("is HTTP/1.1 whatever the client speaks, and says so in Via", () => {
    const lines = forward("GET / HTTP/1.0", HOST);
    expect(lines[0]).toBe("GET / HTTP/1.1");
    expect(lines).toContain("Via: 1.0 heroku-router");
  });

  it("names the host of an absolute target", () => {
    expect(forward("GET http://b.localhost:81/x HTTP/1.1", HOST).slice(0, 2)).toEqual([
      "GET /x HTTP/1.1",
      "Host: b.localhost:81",
    ]);
  });

  it.each([
    "Keep-Alive: timeout=5",
    "Proxy-Connection: keep-alive",
    "TE: trailers",
    "Upgrade: websocket",
    "Expect: 100-continue",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Port: 443",
    "X-Request-Start: 1",
    "X-Request-Id: short",
    "X-Mine: of this connection",
    "X-Yours: of this connection",
  ])("has no %s", (field) => {
    const lines = forward("POST / HTTP/1.1", HOST, "Connection: close, X-Mine", "Connection: x-yours", field);
    expect(lines).not.toContain(field);
    expect(lines.filter((line) => line.startsWith("Connection"))).toEqual([]);
  });

  it("says once what the client said twice about its length", () => {
    const lines = forward("POST / HTTP/1.1", HOST, "Content-Length: 5", "Content-Length: 5");
    expect(lines.filter((line) => /^content-length/i.test(line))).toEqual(["Content-Length: 5"]);
  });

  it("is one request to whoever reads it next", () => {
    const value = fc.string({ unit: fc.constantFrom(..."ab ,:\t=;\xff") });
    const name = fc.constantFrom(
      "X-A",
      "Connection",
      "Content-Length",
      "Transfer-Encoding",
      "Te",
      "Host",
      "Via",
    );
    const known = fc.constantFrom(
      "Content-Length: 3",
      "Transfer-Encoding: chunked",
      "Connection: content-length",
    );
    const field = fc.oneof(
      fc.tuple(name, value).map(([n, v]) => `${n}: ${v}`),
      known,
    );
    fc.assert(
      fc.property(fc.array(field, { maxLength: 6 }), (fields) => {
        const head = parseRequestHead(["POST / HTTP/1.1", HOST, ...fields].join("\r\n"));
        if (head.kind !== "request") return;
        const text = requestText(head, FACTS);
        expect(text.indexOf("\r\n\r\n")).toBe(text.length - 4);
        const again = parseRequestHead(text.slice(0, -4));
        expect(again).toMatchObject({ kind: "request", method: "POST", target: "/", body: head.body });
      }),
    );
  });
});

describe("a request id", () => {
  const made = () => "made";
  it.each([
    ["abcdefghij0123456789", true],
    ["3f2504e0-4f89-41d3-9a0c-0305e82c3301", true],
    ["Zm9v+/=abcdefghijklmnop", true],
    ["x".repeat(200), true],
    ["x".repeat(201), false],
    ["x".repeat(19), false],
    ["abcdefghij 123456789", false],
    ["abcdefghij_123456789", false],
  ])("%s of the client is kept: %s", (id, kept) => {
    const { fields } = headOf("GET / HTTP/1.1", "Host: a", `X-Request-Id: ${id}`);
    expect(requestIdOf(fields, made)).toBe(kept ? id : "made");
  });

  it("is made when there is none", () => {
    expect(requestIdOf([], made)).toBe("made");
  });
});
