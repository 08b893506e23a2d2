import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isPublicAddress } from "./public-address.ts";

it.each([
  "0.0.0.0",
  "0.1.2.3",
  "10.0.0.1",
  "10.255.255.255",
  "100.64.0.1",
  "100.127.255.255",
  "127.0.0.1",
  "127.255.255.255",
  "169.254.169.254",
  "172.16.0.1",
  "172.31.255.255",
  "192.0.0.8",
  "192.0.2.1",
  "192.88.99.1",
  "192.168.1.1",
  "198.18.0.1",
  "198.19.255.255",
  "198.51.100.7",
  "203.0.113.9",
  "224.0.0.1",
  "239.1.1.1",
  "240.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::ffff:127.0.0.1",
  "::ffff:7f00:1",
  "::FFFF:10.0.0.1",
  "0:0:0:0:0:ffff:169.254.169.254",
  "::127.0.0.1",
  "64:ff9b::7f00:1",
  "64:ff9b::10.0.0.1",
  "64:ff9b:1::1",
  "fc00::1",
  "fd12:3456::1",
  "fe80::1",
  "fe80::1%eth0",
  "fec0::1",
  "febf::1",
  "ff02::1",
  "100::1",
  "2001::1",
  "2001:db8::1",
  "2002:7f00:1::",
  "2002:0808:0808::1",
  "3fff::1",
  "4000::1",
  "localhost",
  "",
  "2130706433",
  "0x7f000001",
  "017700000001",
  "127.1",
  "1.2.3",
  "8.8.8.8 ",
  "[::1]",
])("%s is not public", (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

it.each([
  "1.1.1.1",
  "8.8.8.8",
  "9.255.255.255",
  "11.0.0.0",
  "100.63.255.255",
  "100.128.0.0",
  "126.255.255.255",
  "128.0.0.1",
  "169.253.255.255",
  "172.15.255.255",
  "172.32.0.0",
  "192.167.255.255",
  "198.17.255.255",
  "198.20.0.0",
  "223.255.255.255",
  "2606:4700::1111",
  "2a00:1450:4001::200e",
  "2001:4860:4860::8888",
  "::ffff:8.8.8.8",
  "64:ff9b::808:808",
])("%s is public", (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

describe("properties", () => {
  it("an IPv4 address is judged the same inside IPv6", () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const hex = address
          .split(".")
          .map((part) => Number(part).toString(16).padStart(2, "0"))
          .join("");
        const groups = `${hex.slice(0, 4)}:${hex.slice(4)}`;
        for (const form of [
          `::ffff:${address}`,
          `::ffff:${groups}`,
          `0:0:0:0:0:ffff:${groups}`,
          `64:ff9b::${groups}`,
        ]) {
          expect(isPublicAddress(form), form).toBe(isPublicAddress(address));
        }
      }),
    );
  });

  it("an IPv6 address is judged the same in every spelling", () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const spelled = new URL(`http://[${address}]/`).hostname.slice(1, -1);
        expect(isPublicAddress(address)).toBe(isPublicAddress(spelled));
        expect(isPublicAddress(address.toUpperCase())).toBe(isPublicAddress(address));
      }),
    );
  });
});
