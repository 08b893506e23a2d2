import { describe, expect, it } from "vitest";
import { parseResponseHead, type ResponseHead } from "../http1/index.ts";
import { informationalText, responseText, switchingText, trailerLines } from "./forward-response.ts";

const NEW = { minor: 1, keepAlive: true } as const;
const OLD = { minor: 0, keepAlive: true } as const;

function headOf(method: string, ...lines: readonly string[]): ResponseHead {
  const head = parseResponseHead(lines.join("\r\n"), method);
  if (head.kind !== "response") throw new Error(head.kind);
  return head;
}

function forward(
  lines: readonly string[],
  client: { minor: 0 | 1; keepAlive: boolean } = NEW,
  method = "GET",
) {
  const { text, ...rest } = responseText(headOf(method, ...lines), client);
  return { lines: text.split("\r\n"), ...rest };
}

describe("a forwarded response", () => {
  it("keeps the app's fields and adds the router's", () => {
    const lines = ["HTTP/1.1 201 Made", "X-A: 1", "Set-Cookie: a", "Set-Cookie: b", "Content-Length: 3"];
    expect(forward(lines)).toEqual({
      lines: [
        "HTTP/1.1 201 Made",
        "X-A: 1",
        "Set-Cookie: a",
        "Set-Cookie: b",
        "Content-Length: 3",
        "Server: Heroku",
        "Via: 1.1 heroku-router",
        "",
        "",
      ],
      coding: "as-is",
      keepAlive: true,
    });
  });

  it("leaves the app its own Server", () => {
    const { lines } = forward(["HTTP/1.1 200 OK", "Server: mine", "Content-Length: 0"]);
    expect(lines.filter((line) => line.startsWith("Server"))).toEqual(["Server: mine"]);
  });

  const OK = "HTTP/1.1 200 OK";
  it.each([
    ["a length", [OK, "Content-Length: 3"], NEW, "as-is", true, ["Content-Length: 3"]],
    [
      "a length said twice",
      [OK, "Content-Length: 3", "Content-Length: 3"],
      NEW,
      "as-is",
      true,
      ["Content-Length: 3"],
    ],
    ["chunks", [OK, "Transfer-Encoding: chunked"], NEW, "chunked", true, ["Transfer-Encoding: chunked"]],
    [
      "chunks and a length",
      [OK, "Content-Length: 3", "Transfer-Encoding: chunked"],
      NEW,
      "chunked",
      true,
      ["Transfer-Encoding: chunked"],
    ],
    ["no length", [OK], NEW, "chunked", true, ["Transfer-Encoding: chunked"]],
    [
      "a length to 1.0",
      [OK, "Content-Length: 3"],
      OLD,
      "as-is",
      true,
      ["Content-Length: 3", "Connection: keep-alive"],
    ],
    ["chunks to 1.0", [OK, "Transfer-Encoding: chunked"], OLD, "until-close", false, ["Connection: close"]],
    ["no length to 1.0", [OK], OLD, "until-close", false, ["Connection: close"]],
    ["204", ["HTTP/1.1 204 No Content", "Content-Length: 3"], NEW, "as-is", true, []],
    ["304", ["HTTP/1.1 304 Not Modified", "Content-Length: 3"], NEW, "as-is", true, ["Content-Length: 3"]],
    [
      "the end of the client's connection",
      [OK, "Content-Length: 3"],
      { minor: 1, keepAlive: false } as const,
      "as-is",
      false,
      ["Content-Length: 3", "Connection: close"],
    ],
  ] as const)("of %s is framed for its client", (_name, lines, client, coding, keepAlive, framing) => {
    const outcome = forward(lines, client);
    expect(outcome).toMatchObject({ coding, keepAlive });
    const found = outcome.lines.filter((line) =>
      /^(content-length|transfer-encoding|connection):/i.test(line),
    );
    expect(found).toEqual(framing);
  });

  it("to HEAD says the length of what GET would bring", () => {
    expect(forward([OK, "Content-Length: 3"], NEW, "HEAD").lines).toContain("Content-Length: 3");
    expect(forward([OK, "Transfer-Encoding: chunked"], NEW, "HEAD")).toMatchObject({ coding: "as-is" });
  });

  it.each([
    "Connection: close",
    "Keep-Alive: timeout=5",
    "Proxy-Connection: x",
    "Upgrade: h2c",
    "X-Hop: 1",
    "TE: x",
  ])("has no %s", (field) => {
    expect(forward([OK, "Connection: x-hop", "Content-Length: 0", field]).lines).not.toContain(field);
  });

  it("passes early hints on without its own fields", () => {
    const head = headOf("GET", "HTTP/1.1 103 Early Hints", "Link: </a.css>", "Connection: x");
    expect(informationalText(head)).toBe("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n");
  });

  it("passes an upgrade on", () => {
    const head = headOf(
      "GET",
      "HTTP/1.1 101 Switching Protocols",
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Accept: x",
    );
    expect(switchingText(head).split("\r\n")).toEqual([
      "HTTP/1.1 101 Switching Protocols",
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Accept: x",
      "Via: 1.1 heroku-router",
      "",
      "",
    ]);
  });

  it("lets no trailer say what only a head may say", () => {
    const field = (name: string) => ({ name, lower: name.toLowerCase(), value: "1" });
    const names = [
      "X-Sum",
      "Content-Length",
      "Transfer-Encoding",
      "Host",
      "Connection",
      "X-Forwarded-For",
      "Server-Timing",
    ];
    expect(trailerLines(names.map(field))).toBe("X-Sum: 1\r\nServer-Timing: 1\r\n");
  });
});
