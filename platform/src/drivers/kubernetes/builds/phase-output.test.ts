import { describe, expect, it } from "vitest";
import { makePhaseOutput } from "./phase-output.ts";

/** Takes a text in pieces of some size and returns all that is for people. */
function read(text: string, pieces = text.length) {
  const output = makePhaseOutput();
  const bytes = Buffer.from(text);
  let shown = "";
  for (let at = 0; at < bytes.length; at += pieces) shown += output.take(bytes.subarray(at, at + pieces));
  shown += output.rest();
  return { shown, ended: output.ended(), image: output.image() };
}

describe("the output of a container", () => {
  it.each([1, 2, 3, 7, 100])("is whole in pieces of %d bytes, without what is not for people", (pieces) => {
    const text = "-----> größer\n\n       ½ line\n\u001eimage sha256:12\n\u001eend 0\n";
    expect(read(text, pieces)).toEqual({
      ...{ shown: "-----> größer\n\n       ½ line\n", ended: 0, image: "sha256:12" },
    });
  });

  it("passes whole lines on, and keeps a line that has not ended", () => {
    const output = makePhaseOutput();
    expect(output.take(Buffer.from("one\ntw"))).toBe("one\n");
    expect(output.take(Buffer.from("o\n"))).toBe("two\n");
    expect(output.rest()).toBe("");
  });

  it("passes a line on that gets long", () => {
    const output = makePhaseOutput();
    const long = "x".repeat(20_000);
    expect(output.take(Buffer.from(long))).toBe(long);
    expect(output.take(Buffer.from("y\n"))).toBe("y\n");
  });

  it("ends a program's last line that had no end", () => {
    expect(read("no newline\u001eend 51\n")).toEqual({ shown: "no newline\n", ended: 51, image: undefined });
  });

  it("has no end before it is told", () => {
    expect(read("building\n")).toEqual({ shown: "building\n", ended: undefined, image: undefined });
    expect(read("building\n\u001eother 3\n").ended).toBeUndefined();
  });
});
