import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FLUSH_PKT, type Packet, pktLine, readPackets } from "./pkt-line.ts";

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function packetsOf(bytes: Buffer, size = bytes.length || 1) {
  const packets: Packet[] = [];
  for await (const packet of readPackets(inPieces(bytes, size))) packets.push(packet);
  return packets;
}

describe("pkt-line", () => {
  it("counts the length field and the bytes of the text", () => {
    expect(pktLine("ok refs/heads/main").toString()).toBe("0016ok refs/heads/main");
    expect(pktLine("é").toString()).toBe("0006é");
    expect(() => pktLine("x".repeat(65_517))).toThrow("at most 65516 bytes");
  });

  it("reads back what it wrote, however the stream is cut", async () => {
    const text = fc.string({ unit: "binary", maxLength: 200 }).filter((s) => !s.endsWith("\n"));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.option(text, { nil: undefined })),
        fc.integer({ min: 1, max: 40 }),
        async (lines, size) => {
          const bytes = Buffer.concat(
            lines.map((line) => (line === undefined ? Buffer.from(FLUSH_PKT) : pktLine(line))),
          );
          expect(await packetsOf(bytes, size)).toEqual(lines);
        },
      ),
    );
  });

  it("takes off the newline that git puts at the end of a line", async () => {
    expect(await packetsOf(Buffer.from("0007ok\n0000"))).toEqual(["ok", undefined]);
  });

  it.each([["0016short"], ["000"]])("refuses a stream that is cut off: %s", async (text) => {
    await expect(packetsOf(Buffer.from(text))).rejects.toThrow("cut off");
  });

  it.each(["zzzz", "0003", "-001"])("refuses what is not pkt-line: %s", async (text) => {
    await expect(packetsOf(Buffer.from(text))).rejects.toThrow("not a pkt-line stream");
  });
});
