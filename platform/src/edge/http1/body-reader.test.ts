import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BodyLength } from "./body-length.ts";
import { BodyReader } from "./body-reader.ts";
import type { Field } from "./field.ts";

function read(length: BodyLength, pieces: readonly string[]) {
  let data = "";
  let trailers: readonly Field[] | undefined;
  let rest = "";
  const reader = new BodyReader(length, {
    bodyData: (bytes) => {
      data += bytes.toString("latin1");
    },
    bodyEnd: (fields) => {
      expect(trailers).toBeUndefined();
      trailers = fields;
    },
  });
  for (const piece of pieces) {
    const outcome = reader.push(Buffer.from(piece, "latin1"));
    if (outcome === "broken") return { broken: true, data };
    rest += outcome?.toString("latin1") ?? "";
  }
  return { data, ended: reader.ended, rest, trailers };
}

const CHUNKED: BodyLength = { kind: "chunked" };

describe("a body reader", () => {
  it.each<[string, BodyLength, string[], object]>([
    ["no body", { kind: "none" }, ["next"], { data: "", ended: true, rest: "next" }],
    ["a length", { kind: "length", bytes: 3 }, ["abcd"], { data: "abc", ended: true, rest: "d" }],
    ["a length in pieces", { kind: "length", bytes: 3 }, ["a", "b", "c", "d"], { data: "abc", rest: "d" }],
    ["a length not reached", { kind: "length", bytes: 3 }, ["ab"], { data: "ab", ended: false }],
    ["until close", { kind: "close" }, ["ab", "cd"], { data: "abcd", ended: false, rest: "" }],
    ["chunks", CHUNKED, ["3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n!"], { data: "abc0123456789", rest: "!" }],
    ["an empty chunked body", CHUNKED, ["0\r\n\r\n"], { data: "", ended: true, rest: "" }],
    ["leading zeros", CHUNKED, ["0003\r\nabc\r\n000\r\n\r\n"], { data: "abc", ended: true }],
    ["extensions", CHUNKED, ['3;a="b;c" ;d\r\nabc\r\n0 ;x\r\n\r\n'], { data: "abc", ended: true }],
    [
      "trailers",
      CHUNKED,
      ["0\r\nX-Sum: 1\r\nX-B: 2\r\n\r\nrest"],
      {
        ended: true,
        rest: "rest",
        trailers: [
          { name: "X-Sum", lower: "x-sum", value: "1" },
          { name: "X-B", lower: "x-b", value: "2" },
        ],
      },
    ],
  ])("reads %s", (_name, length, pieces, expected) => {
    expect(read(length, pieces)).toMatchObject(expected);
  });

  it.each([
    ["no size", "\r\nabc"],
    ["a size that is no number", "x\r\n"],
    ["a signed size", "-1\r\n"],
    ["a prefixed size", "0x3\r\nabc\r\n"],
    ["a size too large to count", "ffffffffffffffff\r\n"],
    ["a blank first", " 3\r\nabc\r\n"],
    ["a bare line feed after the size", "3\nabc\r\n"],
    ["a bare line feed in an extension", "3;a\nb\r\nabc\r\n"],
    ["a carriage return in an extension", "3;a\rb\r\nabc\r\n"],
    ["a null byte in an extension", "3;\0\r\nabc\r\n"],
    ["no line end after the data", "3\r\nabcd\r\n"],
    ["a bare line feed after the data", "3\r\nabc\n0\r\n\r\n"],
    ["an endless size line", `3;${"x".repeat(9000)}`],
    ["a trailer without colon", "0\r\nabc\r\n\r\n"],
    ["a trailer with a bare line feed", "0\r\nX: 1\nY: 2\r\n\r\n"],
    ["endless trailers", `0\r\n${"X-A: 1\r\n".repeat(9000)}`],
  ])("finds a chunked body broken: %s", (_name, body) => {
    expect(read(CHUNKED, [body])).toMatchObject({ broken: true });
    expect(read(CHUNKED, [...body])).toMatchObject({ broken: true });
  });

  it("reads the same body however it is chunked and cut", () => {
    const chunk = fc.string({ unit: "binary", minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 8 }), fc.integer({ min: 1, max: 12 }), (chunks, size) => {
        const bytes = chunks.map((each) => Buffer.from(each, "latin1").toString("latin1"));
        const framed = bytes.map((each) => `${each.length.toString(16)}\r\n${each}\r\n`).join("");
        const message = `${framed}0\r\n\r\nnext`;
        const pieces = message.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
        expect(read(CHUNKED, pieces)).toMatchObject({ data: bytes.join(""), ended: true, rest: "next" });
      }),
    );
  });
});
