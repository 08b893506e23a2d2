import { expect, test } from "vitest";
import { resolverElsewhere } from "./way-out.ts";

test.each<[string, string, string | undefined]>([
  ["another machine", "nameserver 192.0.2.53\n", "192.0.2.53"],
  ["the first that is", "nameserver 192.0.2.2\nnameserver 192.0.2.53\nnameserver 192.0.2.54\n", "192.0.2.53"],
  ["none where all are this machine", "nameserver 192.0.2.2\n", undefined],
  ["none of IPv6", "nameserver 2001:db8::53\n", undefined],
  ["none where there is none", "search example.com\n", undefined],
])("the way out is tried to a resolver: %s", (_what, text, expected) => {
  expect(resolverElsewhere(text, ["127.0.0.1", "192.0.2.2"])).toBe(expected);
});
