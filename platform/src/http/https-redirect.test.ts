import { describe, expect, test } from "vitest";
import { httpsAddress, isLoopback } from "./https-redirect.ts";

test.each([
  ["127.0.0.1", true],
  ["127.8.0.9", true],
  ["::1", true],
  ["::ffff:127.0.0.1", true],
  ["10.0.0.1", false],
  ["::ffff:10.0.0.1", false],
  ["fe80::1", false],
  ["::", false],
  ["1127.0.0.1", false],
  [undefined, false],
])("%s is loopback: %s", (address, wanted) => {
  expect(isLoopback(address)).toBe(wanted);
});

describe("the https address of a plain request", () => {
  test.each([
    ["paas.example.com", "/apps", "https://paas.example.com/apps"],
    ["paas.example.com:6400", "/apps?a=b", "https://paas.example.com:6400/apps?a=b"],
    ["[2001:db8::1]:6400", "/", "https://[2001:db8::1]:6400/"],
    ["paas.example.com", "http://other.example.com/x", "https://paas.example.com/"],
    ["paas.example.com", "*", "https://paas.example.com/"],
  ])("%s %s", (host, url, wanted) => {
    expect(httpsAddress(host, url)).toBe(wanted);
  });

  test.each([undefined, "", "a b", "evil.example.com/path", "user@host", "host:port", "a\r\nb"])(
    "is none for the host %j",
    (host) => {
      expect(httpsAddress(host, "/")).toBeUndefined();
    },
  );
});
