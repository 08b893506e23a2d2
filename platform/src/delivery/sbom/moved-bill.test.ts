import { describe, expect, it } from "vitest";
import { makeCycloneDxBill } from "./cyclonedx-bill.ts";
import { moveCycloneDxBill, moveSpdxBill } from "./moved-bill.ts";
import { makeSpdxBill } from "./spdx-bill.ts";

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const inventory = {
  components: [
    { type: "npm", name: "lodash", version: "4.17.21", development: false, from: ["package-lock.json"] },
    { type: "npm", name: "vitest", version: "1.0.0", development: true, from: ["package-lock.json"] },
  ],
  remarks: ["a file was too large"],
};
const billed = (image: string, run: string) => ({
  ...{ name: "common/app", digest: digest(image), created: "1980-01-01T00:00:01Z", inventory },
  buildpacks: [{ id: "conifer/nodejs", version: "1" }],
  runImage: { name: "conifer/run:debian-12", digest: digest(run) },
  coniferVersion: "0.1.0",
});
const moved = { digest: digest("2"), runImage: { name: "conifer/run:debian-12", digest: digest("b") } };

/** Names that say which bill it is differ: each is made of what it was moved from. */
const unnamed = (bill: object) => ({ ...bill, serialNumber: "", documentNamespace: "" });

describe.each([
  ["CycloneDX", makeCycloneDxBill, moveCycloneDxBill],
  ["SPDX", makeSpdxBill, moveSpdxBill],
])("a bill in %s that is moved", (_name, make, move) => {
  const before = JSON.parse(JSON.stringify(make(billed("1", "a"))));

  it("is the bill that would be made for the image that it is moved to", () => {
    expect(unnamed(move(before, moved))).toEqual(unnamed(make(billed("2", "b"))));
  });

  it("is the same each time, and has a name of its own", () => {
    const after = move(before, moved);
    expect(move(before, moved)).toEqual(after);
    const name = (bill: object) =>
      JSON.stringify(Object.entries(bill).filter(([key]) => /serial|Namespace/.test(key)));
    expect(name(after)).not.toBe(name(before));
    expect(name(after)).toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}/);
  });

  it("stays what it is where it has none of the fields", () => {
    expect(unnamed(move({ other: 1 }, moved))).toMatchObject({ other: 1 });
  });
});
