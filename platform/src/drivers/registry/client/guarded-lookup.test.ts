import { expect, test } from "vitest";
import { guardedLookup } from "./guarded-lookup.ts";

const PUBLIC = { address: "93.184.216.34", family: 4 };
const PRIVATE = { address: "10.0.0.1", family: 4 };

function look(addresses: readonly { address: string; family: number }[], all: boolean): Promise<unknown> {
  const lookup = guardedLookup(
    (address) => !address.startsWith("10."),
    (host, done) => (host === "missing" ? done(new Error("no such host"), []) : done(null, addresses)),
  );
  return new Promise((resolve) =>
    lookup("registry.test", { all }, (error, address, family) =>
      resolve(error ? error.message : [address, family]),
    ),
  );
}

test("hands on addresses that may be called", async () => {
  expect(await look([PUBLIC], false)).toEqual(["93.184.216.34", 4]);
  expect(await look([PUBLIC], true)).toEqual([[PUBLIC], undefined]);
});

test("hands on none when one of them may not be, or there is none", async () => {
  expect(await look([PUBLIC, PRIVATE], true)).toMatch(
    "registry.test is not an address of the public internet",
  );
  expect(await look([PRIVATE], false)).toMatch("not an address of the public internet");
  expect(await look([], false)).toBe("registry.test has no address");
});
