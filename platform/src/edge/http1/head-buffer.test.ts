import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HeadBuffer, type HeadOutcome } from "./head-buffer.ts";

function buffer(limit = 100, skipsEmptyLines = true): HeadBuffer {
  return new HeadBuffer(limit, { skipsEmptyLines });
}

/** Pushes pieces until one of them ends the head. */
function pushAll(head: HeadBuffer, pieces: readonly string[]): { outcome: HeadOutcome; pushed: number } {
  let pushed = 0;
  let outcome: HeadOutcome = { kind: "partial" };
  for (const piece of pieces) {
    pushed += 1;
    outcome = head.push(Buffer.from(piece, "latin1"));
    if (outcome.kind !== "partial") break;
  }
  return { outcome, pushed };
}

describe("a head buffer", () => {
  it.each([
    ["one piece", ["GET /\r\n\r\n"], "GET /", undefined],
    ["one piece with more behind", ["GET /\r\n\r\nbody"], "GET /", "body"],
    ["single bytes", [..."GET /\r\n\r\n"], "GET /", undefined],
    ["an end in two pieces", ["GET /\r\n\r", "\nbody"], "GET /", "body"],
    ["empty lines first", ["\r\n\r\nGET /\r\n\r\n"], "GET /", undefined],
    ["empty lines in a piece of their own", ["\r\n", "GET /\r\n\r\n"], "GET /", undefined],
  ])("gathers %s", (_name, pieces, text, rest) => {
    const { outcome } = pushAll(buffer(), pieces);
    expect(outcome).toMatchObject({ kind: "complete", text });
    expect(outcome.kind === "complete" && outcome.rest?.toString()).toBe(rest);
  });

  it("is ready for the next head", () => {
    const head = buffer();
    for (const pieces of [["a\r\n", "\r\n"], ["b\r\n\r\n"], ["c", "\r\n\r\n"]]) {
      expect(pushAll(head, pieces).outcome).toMatchObject({ text: pieces[0]?.[0] });
      expect(head.started).toBe(false);
    }
  });

  it("tells when a head has begun", () => {
    const head = buffer();
    head.push(Buffer.from("\r\n"));
    expect(head.started).toBe(false);
    head.push(Buffer.from("G"));
    expect(head.started).toBe(true);
  });

  it.each([
    ["in one piece", [`${"x".repeat(101)}\r\n\r\n`]],
    ["without end", ["x".repeat(105)]],
    ["in pieces", Array.from({ length: 11 }, () => "x".repeat(10))],
  ])("refuses what is over the limit %s", (_name, pieces) => {
    expect(pushAll(buffer(), pieces).outcome.kind).toBe("too-large");
  });

  it("takes what is just within the limit, whatever follows", () => {
    const text = "x".repeat(100);
    expect(buffer().push(Buffer.from(`${text}\r\n\r\n${text}${text}`))).toMatchObject({ text });
    const { outcome } = pushAll(buffer(), [text, `\r\n\r\n${text}${text}`]);
    expect(outcome).toMatchObject({ text });
    expect(outcome.kind === "complete" && outcome.rest?.length).toBe(200);
  });

  it.each([["GET / HTTP/1.1\n\n"], ["\n"], ["G\r\n\n"]])("finds a bare line feed at once: %j", (piece) => {
    expect(buffer().push(Buffer.from(piece)).kind).toBe("malformed");
  });

  it("does not skip empty lines unless told to", () => {
    expect(buffer(100, false).push(Buffer.from("\r\n\r\nHTTP/1.1"))).toMatchObject({ text: "" });
  });

  it("finds the same head however it is cut", () => {
    const message = "GET / HTTP/1.1\r\nHost: a\r\n\r\nrest";
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: message.length - 1 })), (cuts) => {
        const at = [0, ...[...new Set(cuts)].sort((a, b) => a - b), message.length];
        const pieces = at.slice(1).map((end, i) => message.slice(at[i], end));
        const { outcome, pushed } = pushAll(buffer(), pieces);
        const rest = outcome.kind === "complete" ? (outcome.rest?.toString() ?? "") : undefined;
        expect(outcome).toMatchObject({ text: "GET / HTTP/1.1\r\nHost: a" });
        expect(rest + pieces.slice(pushed).join("")).toBe("rest");
      }),
    );
  });
});
