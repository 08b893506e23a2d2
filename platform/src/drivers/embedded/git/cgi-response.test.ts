import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { describe, expect, it } from "vitest";
import { type CgiHead, parseCgiHead, splitCgi } from "./cgi-response.ts";

async function split(bytes: Buffer, size: number) {
  let head: CgiHead | undefined;
  const body: Buffer[] = [];
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  const sink = new Writable({
    write: (chunk, _encoding, done) => {
      body.push(chunk);
      done();
    },
  });
  await pipeline(
    Readable.from(pieces, { objectMode: false }),
    splitCgi((found) => (head = found)),
    sink,
  );
  return { head, body: Buffer.concat(body).toString("latin1") };
}

describe("a CGI response", () => {
  it("has status 200 unless it says otherwise", () => {
    expect(parseCgiHead("Content-Type: text/plain")).toEqual({
      status: 200,
      headers: { "Content-Type": "text/plain" },
    });
    expect(parseCgiHead("Status: 404 Not Found\r\nExpires: x: y")).toEqual({
      status: 404,
      headers: { Expires: "x: y" },
    });
    expect(parseCgiHead("Status: what\nnonsense")).toEqual({ status: 500, headers: {} });
  });

  it.each([1, 3, 7, 1000])("is split into head and body in pieces of %i", async (size) => {
    const bytes = Buffer.from("Status: 403 No\r\nA: b\r\n\r\nbody\r\n\r\n\xff", "latin1");
    expect(await split(bytes, size)).toEqual({
      head: { status: 403, headers: { A: "b" } },
      body: "body\r\n\r\n\xff",
    });
  });

  it("may have lines that end in a newline alone, and no body", async () => {
    expect(await split(Buffer.from("A: b\n\n"), 100)).toEqual({
      head: { status: 200, headers: { A: "b" } },
      body: "",
    });
  });

  it("fails when its head has no end", async () => {
    await expect(split(Buffer.from("A: b\n"), 100)).rejects.toThrow("without a head");
    await expect(split(Buffer.alloc(100_000, "a"), 1000)).rejects.toThrow("has no end");
  });
});
