import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { splitDocuments } from "./split-documents.ts";

async function split(...chunks: readonly (string | Uint8Array)[]): Promise<string[]> {
  const buffers = chunks.map((chunk) => Buffer.from(chunk));
  return await Array.fromAsync(splitDocuments(Readable.from(buffers)));
}

describe("documents, one a line", () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ["nothing", [], []],
    ["one", ["{}\n"], ["{}"]],
    ["several in one chunk", ["1\n2\n3\n"], ["1", "2", "3"]],
    ["one over several chunks", ["{", '"a"', ":1", "}\n"], ['{"a":1}']],
    ["a break at the start of a chunk", ["1", "\n2\n"], ["1", "2"]],
    ["a break alone", ["1", "\n", "2", "\n"], ["1", "2"]],
    ["empty chunks", ["", "1", "", "\n", ""], ["1"]],
    ["empty lines", ["\n\n1\n \r\n2\n\n"], ["1", "2"]],
    ["an end without a break", ["1\n2"], ["1"]],
    ["a carriage return", ["1\r\n2\r\n"], ["1\r", "2\r"]],
  ])("%s", async (_name, chunks, wanted) => expect(await split(...chunks)).toEqual(wanted));

  test("a letter cut in the middle of its bytes", async () => {
    const bytes = Buffer.from('"ä€😀"\n');
    for (let at = 1; at < bytes.length; at++)
      expect(await split(bytes.subarray(0, at), bytes.subarray(at))).toEqual(['"ä€😀"']);
  });

  test("come out the same wherever the chunks end", async () => {
    const values = fc.array(fc.jsonValue(), { maxLength: 8 });
    const cuts = fc.array(fc.nat(), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(values, cuts, async (given, at) => {
        const lines = given.map((value) => JSON.stringify(value));
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
        const ends = [...at.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
        const chunks = ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
        expect(await split(...chunks)).toEqual(lines);
      }),
    );
  });

  test("come as soon as they are whole, and a broken stream breaks", async () => {
    async function* chunks() {
      yield Buffer.from("1\n2\n3");
      throw new Error("cut");
    }
    const documents = splitDocuments(chunks());
    expect(await documents.next()).toEqual({ done: false, value: "1" });
    expect(await documents.next()).toEqual({ done: false, value: "2" });
    await expect(documents.next()).rejects.toThrow("cut");
  });

  test("whoever stops reading closes the stream", async () => {
    const stream = Readable.from([Buffer.from("1\n2\n"), Buffer.from("3\n")]);
    for await (const document of splitDocuments(stream)) {
      expect(document).toBe("1");
      break;
    }
    expect(stream.destroyed).toBe(true);
  });
});
