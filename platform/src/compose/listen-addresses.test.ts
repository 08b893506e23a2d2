import type { NetworkInterfaceInfo } from "node:os";
import { describe, expect, test } from "vitest";
import { certificateNames, listenAddresses } from "./listen-addresses.ts";

const has =
  (...addresses: string[]) =>
  () => ({ lo: addresses.map((address) => ({ address }) as NetworkInterfaceInfo) });

describe("where to listen", () => {
  test.each([
    ["said", ["10.0.0.5"], has("127.0.0.1", "::1"), ["10.0.0.5"]],
    ["loopback", undefined, has("127.0.0.1", "::1"), ["127.0.0.1", "::1"]],
    ["no IPv6 here", undefined, has("127.0.0.1", "10.0.0.5"), ["127.0.0.1"]],
    ["nothing said", [], has("::1"), ["127.0.0.1", "::1"]],
    ["no interface", undefined, () => ({}), ["127.0.0.1"]],
  ])("%s", (_what, configured, interfaces, wanted) => {
    expect(listenAddresses(configured, interfaces)).toEqual(wanted);
  });

  test("on this machine is loopback", () => {
    expect(listenAddresses(undefined)[0]).toBe("127.0.0.1");
  });
});

describe("the names in the certificate", () => {
  const loopback = ["localhost", "127.0.0.1", "::1"];
  test.each([
    ["loopback by default", undefined, loopback],
    ["loopback when said", ["127.0.0.1"], loopback],
    ["one address", ["10.0.0.5"], [...loopback, "box", "10.0.0.5"]],
    ["every address", ["0.0.0.0", "::"], [...loopback, "box", "10.0.0.5", "2001:db8::5"]],
  ])("%s", (_what, configured, wanted) => {
    const interfaces = has("127.0.0.1", "::1", "10.0.0.5", "fe80::1", "2001:db8::5");
    expect(certificateNames(configured, "Box", interfaces)).toEqual(wanted);
  });
});
