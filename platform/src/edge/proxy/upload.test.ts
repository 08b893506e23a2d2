import type { Socket } from "node:net";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { parseRequestHead, type RequestHead } from "../http1/index.ts";
import { Outbox, SocketWriter } from "./socket-writer.ts";
import { Upload } from "./upload.ts";

function headOf(...fields: readonly string[]): RequestHead {
  const head = parseRequestHead(["POST / HTTP/1.1", "Host: a", ...fields].join("\r\n"));
  if (head.kind !== "request") throw new Error(head.cause);
  return head;
}

/** A dyno's socket of which only the writing side is used. */
function sink(highWaterMark = 1_000_000) {
  const stream = new PassThrough({ highWaterMark });
  const writer = new SocketWriter(stream as unknown as Socket, new Outbox());
  const text = () => {
    writer.send();
    return (stream.read() as Buffer | null)?.toString("latin1") ?? "";
  };
  return { stream, writer, text };
}

describe("an upload", () => {
  it("of nothing has ended before it began", () => {
    const upload = new Upload(headOf());
    expect(upload).toMatchObject({ ended: true, wants: false });
  });

  it("wants nothing until it is open, and nothing when it has all", () => {
    const { writer, text } = sink();
    const upload = new Upload(headOf("Content-Length: 5"));
    expect(upload).toMatchObject({ ended: false, wants: false });
    upload.open(writer);
    expect(upload.wants).toBe(true);
    expect(upload.push(Buffer.from("hel"))).toBeUndefined();
    expect(upload.wants).toBe(true);
    expect(upload.push(Buffer.from("loGET"))?.toString()).toBe("GET");
    expect(upload).toMatchObject({ ended: true, wants: false });
    expect(text()).toBe("hello");
  });

  it("in chunks is in chunks of the router's own", () => {
    const { writer, text } = sink();
    const upload = new Upload(headOf("Transfer-Encoding: chunked"));
    upload.open(writer);
    upload.push(Buffer.from('5;ext="x"\r\nhel'));
    upload.push(Buffer.from("lo\r\n0\r\nX-Sum: 1\r\nVia: forged\r\n\r\n"));
    expect(text()).toBe("3\r\nhel\r\n2\r\nlo\r\n0\r\nX-Sum: 1\r\n\r\n");
    expect(upload.ended).toBe(true);
  });

  it("tells of a bad chunk", () => {
    const { writer } = sink();
    const upload = new Upload(headOf("Transfer-Encoding: chunked"));
    upload.open(writer);
    expect(upload.push(Buffer.from("zz\r\n"))).toBe("broken");
    expect(upload.ended).toBe(false);
  });

  it("waits while the dyno has more than it can take", () => {
    const { writer, stream } = sink(10);
    const upload = new Upload(headOf("Content-Length: 30000"));
    upload.open(writer);
    upload.push(Buffer.alloc(10_000));
    expect(upload).toMatchObject({ blocked: true, wants: false });
    stream.resume();
    upload.unblock();
    expect(upload).toMatchObject({ blocked: false, wants: true });
  });

  it("reads on but sends nothing once it is closed", () => {
    const { writer, text } = sink();
    const upload = new Upload(headOf("Content-Length: 10"));
    upload.open(writer);
    upload.push(Buffer.from("12345"));
    upload.close();
    expect(upload.wants).toBe(false);
    upload.push(Buffer.from("67890"));
    expect(text()).toBe("12345");
    expect(upload.ended).toBe(true);
  });
});
