import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressBytes, element, integer, oid, pem, text, time } from "./der.ts";

describe("der", () => {
  it.each([
    ["short", element(0x30, Buffer.alloc(127)).subarray(0, 2), "307f"],
    ["one length byte", element(0x30, Buffer.alloc(128)).subarray(0, 3), "308180"],
    ["two length bytes", element(0x30, Buffer.alloc(300)).subarray(0, 4), "3082012c"],
    ["zero", integer(Buffer.from([0])), "020100"],
    ["leading zeros go", integer(Buffer.from([0, 0, 5])), "020105"],
    ["a set first bit gets a zero", integer(Buffer.from([0x80])), "02020080"],
    ["object identifier", oid("1.2.840.10045.4.3.2"), "06082a8648ce3d040302"],
    ["text", text("é"), "0c02c3a9"],
    ["a time before 2050", time(new Date("2049-12-31T23:59:59.999Z")), `170d${hex("491231235959Z")}`],
    ["a time after 2050", time(new Date("2050-01-01T00:00:00Z")), `180f${hex("20500101000000Z")}`],
  ])("encodes %s", (_name, encoded, expected) => {
    expect(encoded.toString("hex")).toBe(expected);
  });

  it.each([
    ["127.0.0.1", "7f000001"],
    ["::1", "00000000000000000000000000000001"],
    ["::", "00000000000000000000000000000000"],
    ["2001:db8::5:0:1", "20010db8000000000000000500000001"],
    ["1:2:3:4:5:6:7:8", "00010002000300040005000600070008"],
    ["::ffff:10.0.0.1", "00000000000000000000ffff0a000001"],
    ["fe80::1%eth0", "fe800000000000000000000000000001"],
  ])("reads the address %s", (address, expected) => {
    expect(addressBytes(address)?.toString("hex")).toBe(expected);
  });

  it.each(["", "localhost", "1.2.3", "1.2.3.4.5", "::g"])("reads no address in %j", (value) => {
    expect(addressBytes(value)).toBeUndefined();
  });

  it("wraps PEM at 64 characters and loses nothing", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const lines = pem("X", bytes).split("\n").slice(1, -2);
        expect(lines.every((line) => line.length <= 64)).toBe(true);
        expect(Buffer.from(lines.join(""), "base64")).toEqual(Buffer.from(bytes));
      }),
    );
  });
});

function hex(value: string): string {
  return Buffer.from(value).toString("hex");
}
