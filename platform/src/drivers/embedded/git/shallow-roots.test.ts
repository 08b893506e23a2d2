import { Readable } from "node:stream";
import fc from "fast-check";
import { expect, it } from "vitest";
import { bytesOf } from "../../../delivery/source/source-fixtures.ts";
import { FLUSH_PKT, pktLine } from "./pkt-line.ts";
import { withoutShallowLines } from "./shallow-roots.ts";

const oid = (digit: string) => digit.repeat(40);
const shallow = (digit: string) => pktLine(`shallow ${oid(digit)}`);
const command = pktLine(`${oid("0")} ${oid("a")} refs/heads/main\0 report-status`);
const rest = Buffer.concat([command, Buffer.from(FLUSH_PKT), Buffer.from("PACK and shallow bytes")]);

async function strip(bytes: Buffer, size = bytes.length || 1) {
  const roots: string[] = [];
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  const strip = withoutShallowLines(async (found) => void roots.push(...found));
  const left = await bytesOf(Readable.from(pieces, { objectMode: false }).pipe(strip));
  return { roots, left: left.toString("latin1") };
}

it("takes the shallow lines off the front, however the stream is cut", async () => {
  const bytes = Buffer.concat([shallow("1"), shallow("2"), rest]);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: bytes.length }), async (size) => {
      expect(await strip(bytes, size)).toEqual({
        roots: [oid("1"), oid("2")],
        left: rest.toString("latin1"),
      });
    }),
  );
});

it.each([
  ["an ordinary push", rest],
  ["a probe", Buffer.from(FLUSH_PKT)],
  ["nothing", Buffer.alloc(0)],
  ["the start of a line", Buffer.from("0035shal")],
  ["another word", pktLine("shallows are not meant here, whatever follows in this line of text")],
])("leaves %s alone", async (_what, bytes) => {
  for (const size of [1, 5, 1000])
    expect(await strip(bytes, size)).toEqual({ roots: [], left: bytes.toString("latin1") });
});

it("hands on the rest only when the roots are recorded, and fails when they cannot be", async () => {
  const failing = withoutShallowLines(() => Promise.reject(new Error("locked")));
  const bytes = Readable.from([shallow("1"), rest], { objectMode: false }).pipe(failing);
  await expect(bytesOf(bytes)).rejects.toThrow("locked");
});
