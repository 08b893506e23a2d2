import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseResponseHead, RESPONSE_LIMITS } from "./response-head.ts";

const OK = "HTTP/1.1 200 OK";

function head(...lines: readonly string[]): string {
  return lines.join("\r\n");
}

describe("a response head", () => {
  it("is read into its parts", () => {
    expect(parseResponseHead(head("HTTP/1.1 404 Not Found", "X-A: 1", "Content-Length: 3"), "GET")).toEqual({
      kind: "response",
      status: 404,
      reason: "Not Found",
      fields: [
        { name: "X-A", lower: "x-a", value: "1" },
        { name: "Content-Length", lower: "content-length", value: "3" },
      ],
      body: { kind: "length", bytes: 3 },
      connection: [],
      keepAlive: true,
    });
  });

  it.each([
    ["no length", OK, "GET", [], { kind: "close" }],
    ["a length", OK, "GET", ["Content-Length: 3"], { kind: "length", bytes: 3 }],
    ["a length of nothing", OK, "GET", ["Content-Length: 0"], { kind: "none" }],
    ["chunked", OK, "GET", ["Transfer-Encoding: chunked"], { kind: "chunked" }],
    [
      "length and chunked",
      OK,
      "GET",
      ["Content-Length: 3", "Transfer-Encoding: chunked"],
      { kind: "chunked" },
    ],
    ["HEAD", OK, "HEAD", ["Content-Length: 3"], { kind: "none" }],
    ["HEAD chunked", OK, "HEAD", ["Transfer-Encoding: chunked"], { kind: "none" }],
    ["204", "HTTP/1.1 204 No Content", "GET", ["Content-Length: 3"], { kind: "none" }],
    ["304", "HTTP/1.1 304 Not Modified", "GET", ["Content-Length: 3"], { kind: "none" }],
    ["103", "HTTP/1.1 103 Early Hints", "GET", [], { kind: "none" }],
  ])("with %s has its body", (_name, line, method, fields, body) => {
    expect(parseResponseHead(head(line, ...fields), method)).toMatchObject({ kind: "response", body });
  });

  it.each([
    ["1.1", OK, ["Content-Length: 0"], true],
    ["1.1 that closes", OK, ["Content-Length: 0", "Connection: close"], false],
    ["1.1 that ends with the connection", OK, [], false],
    ["1.1 with a doubtful end", OK, ["Content-Length: 1", "Transfer-Encoding: chunked"], false],
    ["1.0", "HTTP/1.0 200 OK", ["Content-Length: 0"], false],
    ["1.0 that asks", "HTTP/1.0 200 OK", ["Content-Length: 0", "Connection: keep-alive"], true],
  ])("of HTTP/%s keeps the connection", (_name, line, fields, keepAlive) => {
    expect(parseResponseHead(head(line, ...fields), "GET")).toMatchObject({ keepAlive });
  });

  it("tells how long the server keeps an idle connection", () => {
    const text = head(OK, "Content-Length: 0", "Keep-Alive: timeout=5, max=100");
    expect(parseResponseHead(text, "GET")).toMatchObject({ idleSeconds: 5 });
  });

  it.each(["HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.0 599 Caf\xe9", "HTTP/1.1 999 X"])("takes %j", (line) => {
    expect(parseResponseHead(line, "GET")).toMatchObject({ kind: "response" });
  });
});

describe("a response head that is no HTTP", () => {
  it.each([
    ["nothing", [""]],
    ["another protocol", ["SSH-2.0-OpenSSH_9.2"]],
    ["HTTP/2", ["HTTP/2 200 OK"]],
    ["a two-digit status", ["HTTP/1.1 20 OK"]],
    ["a status below 100", ["HTTP/1.1 099 OK"]],
    ["two blanks", ["HTTP/1.1  200 OK"]],
    ["a blank before the colon", [OK, "X-A : 1"]],
    ["a folded line", [OK, "X-A: 1", " 2"]],
    ["a bare line feed", [OK, "X-A: 1\nX-B: 2"]],
    ["a null byte", [OK, "X-A: \0"]],
    ["an unknown coding", [OK, "Transfer-Encoding: gzip, chunked"]],
  ])("is malformed: %s", (_name, lines) => {
    expect(parseResponseHead(head(...lines), "GET")).toEqual({ kind: "malformed" });
  });

  it.each([
    ["invalid content length", [OK, "Content-Length: 1", "Content-Length: 2"]],
    ["invalid content length", [OK, "Content-Length: -1"]],
    ["oversized cookie", [OK, `Set-Cookie: ${"x".repeat(RESPONSE_LIMITS.cookieBytes + 1)}`]],
    ["oversized cookie", [OK, `Set-Cookie: ${"x".repeat(RESPONSE_LIMITS.lineBytes)}`]],
    ["oversized header", [OK, `X-A: ${"x".repeat(RESPONSE_LIMITS.lineBytes)}`]],
    ["oversized status line", [`HTTP/1.1 200 ${"x".repeat(RESPONSE_LIMITS.statusLineBytes)}`]],
  ])("is restricted: %s", (desc, lines) => {
    expect(parseResponseHead(head(...lines), "GET")).toEqual({ kind: "restricted", desc });
  });

  it("is never thrown at", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        parseResponseHead(text, "GET");
        parseResponseHead(head(OK, text), "HEAD");
      }),
    );
  });
});
