import type { Socket } from "node:net";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { type Field, parseResponseHead, type ResponseHead } from "../http1/index.ts";
import { Download, type DownloadClient } from "./download.ts";
import { noSuchAppPage } from "./error-page.ts";
import { readAnswer } from "./proxy-fixtures.ts";
import { Outbox, SocketWriter } from "./socket-writer.ts";

function headOf(...lines: readonly string[]): ResponseHead {
  const head = parseResponseHead(lines.join("\r\n"), "GET");
  if (head.kind !== "response") throw new Error(head.kind);
  return head;
}

/** A download to a client, and the text that client has got so far. */
function download(client: Partial<DownloadClient> = {}) {
  const stream = new PassThrough({ highWaterMark: 1_000_000 });
  const writer = new SocketWriter(stream as unknown as Socket, new Outbox());
  let text = "";
  const received = () => {
    writer.send();
    text += (stream.read() as Buffer | null)?.toString("latin1") ?? "";
    return text;
  };
  const made = new Download(writer, { method: "GET", minor: 1, keepAlive: true, ...client });
  return { made, received };
}

const KEEP = { keepAlive: true } as const;
const SUM: Field = { name: "X-Sum", lower: "x-sum", value: "1" };

describe("a download", () => {
  it("has not started until the client knows a status", () => {
    const { made } = download();
    expect(made).toMatchObject({ started: false, status: 0, bytes: 0 });
    made.informational(headOf("HTTP/1.1 103 Early Hints", "Link: x"));
    expect(made.started).toBe(false);
    made.head(headOf("HTTP/1.1 404 Not Found", "Content-Length: 2"), KEEP);
    expect(made).toMatchObject({ started: true, status: 404, keepAlive: true });
  });

  it.each([
    ["of a length", 1, ["Content-Length: 5"], "hello", true],
    ["in chunks", 1, ["Transfer-Encoding: chunked"], "3\r\nhel\r\n2\r\nlo\r\n0\r\nX-Sum: 1\r\n\r\n", true],
    ["until the connection ends", 1, [], "3\r\nhel\r\n2\r\nlo\r\n0\r\nX-Sum: 1\r\n\r\n", true],
    ["in chunks, to HTTP/1.0", 0, ["Transfer-Encoding: chunked"], "hello", false],
    ["until the connection ends, to HTTP/1.0", 0, [], "hello", false],
  ] as const)("%s is framed and counted", (_name, minor, fields, body, keepAlive) => {
    const { made, received } = download({ minor });
    made.head(headOf("HTTP/1.1 200 OK", ...fields), KEEP);
    made.data(Buffer.from("hel"));
    made.data(Buffer.from("lo"));
    made.end([SUM]);
    expect(readAnswer(received()).body).toBe(body);
    expect(made).toMatchObject({ bytes: 5, keepAlive, endsWithConnection: !keepAlive });
  });

  it.each([
    ["the client does not want to", { keepAlive: false }, true],
    ["the router does not want to", { keepAlive: true }, false],
  ])("does not keep the connection when %s", (_name, client, keepAlive) => {
    const { made, received } = download(client);
    made.head(headOf("HTTP/1.1 200 OK", "Content-Length: 0"), { keepAlive });
    made.end([]);
    expect(made.keepAlive).toBe(false);
    expect(received()).toContain("Connection: close");
  });

  it("spares old clients what they cannot know, and all clients the app's own 100", () => {
    const [old, young] = [download({ minor: 0 }), download()];
    for (const { made } of [old, young]) {
      made.informational(headOf("HTTP/1.1 100 Continue"));
      made.informational(headOf("HTTP/1.1 103 Early Hints"));
    }
    expect(old.received()).toBe("");
    expect(young.received()).toBe("HTTP/1.1 103 Early Hints\r\n\r\n");
  });

  it("asks for the body that a client holds back", () => {
    const { made, received } = download();
    made.askForBody();
    expect(received()).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    expect(made.started).toBe(false);
  });

  it("of a page is whole, and counted without its head", () => {
    const { made, received } = download();
    made.page(noSuchAppPage, KEEP);
    expect(made).toMatchObject({ status: 404, bytes: noSuchAppPage.html.length, keepAlive: true });
    expect(readAnswer(received()).body).toBe(noSuchAppPage.html);
  });

  it("of a page to HEAD has no body", () => {
    const { made, received } = download({ method: "HEAD", keepAlive: false });
    made.page(noSuchAppPage, KEEP);
    expect(made).toMatchObject({ bytes: 0, keepAlive: false });
    expect(readAnswer(received()).body).toBe("");
  });

  it("of an upgrade says 101", () => {
    const { made, received } = download();
    made.switching(headOf("HTTP/1.1 101 Switching Protocols", "Upgrade: x"));
    expect(made.status).toBe(101);
    expect(received()).toMatch(/^HTTP\/1\.1 101 .*\r\nConnection: Upgrade\r\nUpgrade: x\r\n/);
  });
});
