import fc from "fast-check";
import { expect, test } from "vitest";
import { splitDocuments } from "./split-documents.ts";

async function* chunksOf(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  let start = 0;
  for (const end of [...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length]) {
    yield bytes.subarray(start, end);
    start = end;
  }
}

test("lines come whole wherever their bytes are cut", async () => {
  const line = fc.string({ unit: "grapheme" }).map((text) => `x${text.replaceAll(/[\n\r]/g, "")}`);
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.array(fc.nat(300)), async (lines, cuts) => {
      const bytes = Buffer.from(lines.map((one) => `${one}\n`).join(""));
      expect(await Array.fromAsync(splitDocuments(chunksOf(bytes, cuts)))).toEqual(lines);
    }),
  );
});

test("a line that was cut off and empty lines are none", async () => {
  const bytes = Buffer.from('{"a":1}\n\n  \n{"b":');
  expect(await Array.fromAsync(splitDocuments(chunksOf(bytes, [])))).toEqual(['{"a":1}']);
});
