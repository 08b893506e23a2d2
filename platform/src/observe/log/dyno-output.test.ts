import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LogLine } from "../../kernel/index.ts";
import { makeDynoOutput } from "./dyno-output.ts";
import { splitMessage } from "./split-message.ts";

const time = new Date("2026-01-02T03:04:05.678Z");

function makeRig() {
  const lines: LogLine[] = [];
  const sink = { write: (line: LogLine) => void lines.push(line) };
  const output = makeDynoOutput({ appId: "a", process: "web.1", sink, now: () => time });
  return { output, lines, messages: () => lines.map(({ message }) => message) };
}

describe("dyno output", () => {
  it("makes app lines of the process", () => {
    const { output, lines } = makeRig();
    output.write(Buffer.from("hello\n"));
    expect(lines).toEqual([{ appId: "a", time, source: "app", process: "web.1", message: "hello" }]);
  });

  it("waits for the rest of a line, and gives up what is left at the end", () => {
    const { output, messages } = makeRig();
    output.write(Buffer.from("a\nhel"));
    expect(messages()).toEqual(["a"]);
    output.write(Buffer.from("lo\n\nno end"));
    expect(messages()).toEqual(["a", "hello", ""]);
    output.end();
    output.end();
    expect(messages()).toEqual(["a", "hello", "", "no end"]);
  });

  it("passes on an endless line in pieces and holds only the last one", () => {
    const { output, messages } = makeRig();
    for (let i = 0; i < 100; i++) output.write(Buffer.from("0123456789".repeat(100)));
    expect(messages().length).toBe(9);
    output.end();
    expect(messages().join("")).toBe("0123456789".repeat(10_000));
  });

  it("gives the same lines however the bytes are cut, UTF-8 or not", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 200 }).map((made) => Buffer.from(made));
    const bytes = fc.uint8Array({ maxLength: 200 }).map((made) => Buffer.from(made));
    const parts = fc.array(fc.oneof(text, bytes, fc.constant(Buffer.from("\n"))));
    fc.assert(
      fc.property(parts, fc.array(fc.nat(50)), (made, cuts) => {
        const { output, messages } = makeRig();
        let rest = Buffer.concat(made);
        const whole = rest.toString("utf8");
        for (const cut of cuts) {
          output.write(rest.subarray(0, cut));
          rest = rest.subarray(cut);
        }
        output.write(rest);
        output.end();
        const expected = whole.split("\n");
        if (expected.at(-1) === "") expected.pop();
        expect(messages()).toEqual(expected);
      }),
    );
  });

  it("does not keep a chunk's memory for the start of the next line", () => {
    const { output, messages } = makeRig();
    const chunk = Buffer.from("a\nb");
    output.write(chunk);
    chunk.fill("x");
    output.end();
    expect(messages()).toEqual(["a", "b"]);
  });

  it("counts lines without looking at them while there is no room", () => {
    const written: string[] = [];
    const dropped: number[] = [];
    let room = true;
    const output = makeDynoOutput({
      appId: "a",
      process: "web.1",
      now: () => time,
      sink: {
        write: ({ message }) => void written.push(message),
        hasRoom: () => room,
        countDropped: (_appId, _process, lines) => void dropped.push(lines),
      },
    });
    output.write(Buffer.from("one\ntw"));
    room = false;
    output.write(Buffer.from("o\nthree\nfo"));
    expect(dropped).toEqual([2]);
    room = true;
    output.write(Buffer.from("ur\n"));
    expect(written).toEqual(["one", "four"]);
  });

  it("makes pieces that need no further cutting", () => {
    const { output, messages } = makeRig();
    output.write(Buffer.from("🌲".repeat(10_000)));
    output.end();
    expect(messages().flatMap(splitMessage)).toEqual(messages());
  });
});
