import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { bytesOf } from "../../../delivery/source/source-fixtures.ts";
import { explainPackLimit } from "./pack-limit.ts";
import { FLUSH_PKT, pktLine, readPackets } from "./pkt-line.ts";

async function through(bytes: Buffer, size: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return await bytesOf(Readable.from(pieces, { objectMode: false }).pipe(explainPackLimit(5 * 2 ** 20)));
}

const report = [pktLine("\u0001000eunpack ok"), Buffer.from(FLUSH_PKT)];

it.each([1, 4, 7, 1000])("adds what to do before the closing flush, in pieces of %i", async (size) => {
  const refusal = pktLine("\u0002fatal: pack exceeds maximum allowed size\n");
  const packets: (string | undefined)[] = [];
  for await (const packet of readPackets(
    Readable.from([await through(Buffer.concat([refusal, ...report]), size)]),
  ))
    packets.push(packet);
  expect(packets).toHaveLength(4);
  expect(packets[2]).toContain("a push may hold 5 MiB at the most");
  expect(packets[3]).toBeUndefined();
});

it("leaves every other response as it is, and holds nothing back", async () => {
  const bytes = Buffer.concat([pktLine("\u0002-----> Building\n"), ...report]);
  expect(await through(bytes, 3)).toEqual(bytes);
  const stream = explainPackLimit(1);
  stream.write("0006ab");
  expect(String(stream.read())).toBe("0006ab");
});
