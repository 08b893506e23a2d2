import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRequestHead, REQUEST_LIMITS } from "./request-head.ts";

const HOST = "Host: a.localhost";

function head(...lines: readonly string[]): string {
  return lines.join("\r\n");
}

describe("a request head", () => {
  it("is read into its parts", () => {
    const text = head("GET /a?b=1 HTTP/1.1", "Host: A.localhost:8080", "X-One: \t 1, 2 \t", "x-empty:");
    expect(parseRequestHead(text)).toEqual({
      kind: "request",
      method: "GET",
      target: "/a?b=1",
      host: "A.localhost:8080",
      minor: 1,
      fields: [
        { name: "Host", lower: "host", value: "A.localhost:8080" },
        { name: "X-One", lower: "x-one", value: "1, 2" },
        { name: "x-empty", lower: "x-empty", value: "" },
      ],
      body: { kind: "none" },
      connection: [],
      keepAlive: true,
      upgrade: false,
      expectsContinue: false,
    });
  });

  it.each([
    ["origin form", "GET / HTTP/1.1", { target: "/", host: "a.localhost" }],
    ["two slashes first", "GET //x HTTP/1.1", { target: "//x" }],
    ["a target in UTF-8", "GET /caf\xc3\xa9 HTTP/1.1", { target: "/caf\xc3\xa9" }],
    ["asterisk form", "OPTIONS * HTTP/1.1", { target: "*" }],
    ["absolute form", "GET http://b.localhost:81/x?y HTTP/1.1", { target: "/x?y", host: "b.localhost:81" }],
    ["absolute form without path", "GET HTTP://b.localhost HTTP/1.1", { target: "/", host: "b.localhost" }],
    ["absolute form with query only", "GET http://b?x HTTP/1.1", { target: "/?x", host: "b" }],
    ["an unknown method", "M-SEARCH / HTTP/1.1", { method: "M-SEARCH" }],
    ["the longest method", `${"M".repeat(127)} / HTTP/1.1`, { method: "M".repeat(127) }],
  ])("takes %s", (_name, line, expected) => {
    expect(parseRequestHead(head(line, HOST))).toMatchObject({ kind: "request", ...expected });
  });

  it.each([
    ["HTTP/1.1", [], true],
    ["HTTP/1.1", ["Connection: close"], false],
    ["HTTP/1.1", ["Connection: x, Close"], false],
    ["HTTP/1.0", [], false],
    ["HTTP/1.0", ["Connection: Keep-Alive"], true],
  ])("of %s with %j keeps the connection: %s", (version, fields, expected) => {
    expect(parseRequestHead(head(`GET / ${version}`, HOST, ...fields))).toMatchObject({
      keepAlive: expected,
    });
  });

  it.each([
    ["an upgrade", ["Connection: keep-alive, Upgrade", "Upgrade: websocket"], true],
    ["the field alone", ["Upgrade: websocket"], false],
    ["the connection option alone", ["Connection: upgrade"], false],
    ["with a body", ["Connection: upgrade", "Upgrade: h2c", "Content-Length: 3"], false],
  ])("upgrades with %s: %s", (_name, fields, upgrade) => {
    expect(parseRequestHead(head("GET / HTTP/1.1", HOST, ...fields))).toMatchObject({ upgrade });
  });

  it.each([
    [["Content-Length: 12"], { kind: "length", bytes: 12 }],
    [["Content-Length: 0"], { kind: "none" }],
    [["Content-Length: 12", "content-length: 12"], { kind: "length", bytes: 12 }],
    [["Content-Length: 12, 12"], { kind: "length", bytes: 12 }],
    [["Transfer-Encoding: Chunked"], { kind: "chunked" }],
  ])("with %j has the body %j", (fields, body) => {
    expect(parseRequestHead(head("POST / HTTP/1.1", HOST, ...fields))).toMatchObject({ body });
  });

  it("asks for 100-continue in HTTP/1.1 only", () => {
    const expects = ["POST / HTTP/1.1", "POST / HTTP/1.0"].map((line) =>
      parseRequestHead(head(line, HOST, "Expect: 100-Continue")),
    );
    expect(expects).toMatchObject([{ expectsContinue: true }, { expectsContinue: false }]);
  });
});

describe("a request head that could be read in two ways", () => {
  it.each([
    ["two lengths", ["Content-Length: 1", "Content-Length: 2"]],
    ["two lengths in one field", ["Content-Length: 1, 2"]],
    ["a signed length", ["Content-Length: +1"]],
    ["a hexadecimal length", ["Content-Length: 0x1"]],
    ["a length with a blank inside", ["Content-Length: 1 1"]],
    ["an empty length", ["Content-Length:"]],
    ["a length too large to count", ["Content-Length: 99999999999999999999"]],
    ["length and chunked", ["Content-Length: 1", "Transfer-Encoding: chunked"]],
    ["chunked twice", ["Transfer-Encoding: chunked, chunked"]],
    ["chunked in two fields", ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"]],
    ["chunked not last", ["Transfer-Encoding: chunked, gzip"]],
    ["chunked in disguise", ["Transfer-Encoding: xchunked"]],
    ["chunked with a vertical tab", ["Transfer-Encoding: \x0bchunked"]],
    ["identity", ["Transfer-Encoding: identity"]],
    ["an empty coding", ["Transfer-Encoding:"]],
    ["a blank before the colon", ["Transfer-Encoding : chunked"]],
    ["a tab before the colon", ["Content-Length\t: 5"]],
    ["a folded line", ["X-A: 1", " Content-Length: 5"]],
    ["a bare carriage return", ["X-A: 1\rContent-Length: 5"]],
    ["a bare line feed", ["X-A: 1\nContent-Length: 5"]],
    ["a null byte", ["X-A: 1\0"]],
    ["a line without colon", ["Content-Length"]],
    ["a line without name", [": 5"]],
    ["a name that is no token", ["Content(Length): 5"]],
    ["two hosts", [HOST]],
    ["a host with a path", ["Host: a/b"]],
  ])("is refused: %s", (_name, fields) => {
    const lines = fields.some((field) => field.startsWith("Host: a/")) ? fields : [HOST, ...fields];
    expect(parseRequestHead(head("POST / HTTP/1.1", ...lines))).toMatchObject({
      kind: "refused",
      status: 400,
      cause: "bad header",
    });
  });

  it("is refused when HTTP/1.0 says chunked", () => {
    const text = head("POST / HTTP/1.0", HOST, "Transfer-Encoding: chunked");
    expect(parseRequestHead(text)).toMatchObject({ kind: "refused", status: 400 });
  });

  it("is refused with 501 when a coding is not known", () => {
    const text = head("POST / HTTP/1.1", HOST, "Transfer-Encoding: gzip, chunked");
    expect(parseRequestHead(text)).toMatchObject({ kind: "refused", status: 501 });
  });
});

describe("a bad request line", () => {
  it.each([
    ["nothing", "", 400],
    ["no target", "GET HTTP/1.1", 400],
    ["no version", "GET /", 400],
    ["two blanks", "GET  / HTTP/1.1", 400],
    ["a blank in the target", "GET /a b HTTP/1.1", 400],
    ["a tab in the target", "GET /a\tb HTTP/1.1", 400],
    ["a blank first", " GET / HTTP/1.1", 400],
    ["a relative target", "GET a HTTP/1.1", 400],
    ["an asterisk for another method", "GET * HTTP/1.1", 400],
    ["another scheme", "GET ftp://b/ HTTP/1.1", 400],
    ["user information", "GET http://u@b/ HTTP/1.1", 400],
    ["CONNECT", "CONNECT b:443 HTTP/1.1", 400],
    ["a method that is no token", "G(T / HTTP/1.1", 400],
    ["a method too long", `${"M".repeat(128)} / HTTP/1.1`, 400],
    ["a line too long", `GET /${"x".repeat(REQUEST_LIMITS.lineBytes)} HTTP/1.1`, 400],
    ["a lower-case version", "GET / http/1.1", 400],
    ["HTTP/2.0", "PRI * HTTP/2.0", 505],
    ["HTTP/0.9 spelled out", "GET / HTTP/0.9", 505],
  ])("is refused: %s", (_name, line, status) => {
    expect(parseRequestHead(head(line, HOST))).toMatchObject({
      kind: "refused",
      status,
      cause: "bad request",
    });
  });
});

describe("limits and refusals", () => {
  it.each([
    ["a line too long", [`X-A: ${"x".repeat(8192)}`]],
    ["a name too long", [`${"x".repeat(1001)}: 1`]],
    ["too many fields", Array.from({ length: 1000 }, (_, i) => `x-${i}: 1`)],
  ])("refuse %s and still name the host", (_name, fields) => {
    expect(parseRequestHead(head("GET /p HTTP/1.1", HOST, ...fields))).toMatchObject({
      kind: "refused",
      status: 400,
      cause: "bad header",
      target: "/p",
      host: "a.localhost",
    });
  });

  it("take what is just within", () => {
    const fields = [`X-A: ${"x".repeat(8187)}`, `${"x".repeat(1000)}: 1`];
    expect(parseRequestHead(head("GET / HTTP/1.1", HOST, ...fields))).toMatchObject({ kind: "request" });
  });

  it("refuse another expectation with 417", () => {
    expect(parseRequestHead(head("GET / HTTP/1.1", HOST, "Expect: a-cake"))).toMatchObject({
      status: 417,
      cause: "unsupported expect header value",
      host: "a.localhost",
    });
  });

  it.each(["GET / HTTP/1.1", "GET / HTTP/1.0"])("refuse %s without a host", (line) => {
    expect(parseRequestHead(line)).toMatchObject({ kind: "refused", status: 400, cause: "bad header" });
  });

  it.each(["a.localhost", "a.localhost:80", "[::1]:80", "127.0.0.1", ""])("take the host %j", (host) => {
    expect(parseRequestHead(head("GET / HTTP/1.1", `Host: ${host}`))).toMatchObject({
      kind: "request",
      host,
    });
  });
});

describe("any text at all", () => {
  it("is answered without throwing, and nothing taken holds a line end or a control character", () => {
    const soup = fc.string({ unit: fc.constantFrom(..."GET /:HOST\r\n\t 1.ax,\0\x7f\xff") });
    const lines = fc.array(
      fc.oneof(soup, fc.constantFrom("Content-Length: 1", "Transfer-Encoding: chunked")),
    );
    fc.assert(
      fc.property(lines, (rest) => {
        const outcome = parseRequestHead(head("GET / HTTP/1.1", HOST, ...rest));
        if (outcome.kind === "refused") return;
        const all = outcome.fields.flatMap(({ name, value }) => [name, value]).join("");
        expect(all).toMatch(/^[\t -~\x80-\xff]*$/);
      }),
    );
  });
});
