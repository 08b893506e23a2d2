import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readSighting, readSightings, withSightings } from "./pod-sightings.ts";
import { seenPod } from "./policy-fixtures.ts";

const record = (change: object = {}) =>
  JSON.stringify({
    kind: "cniCacheV1",
    networkName: "pods",
    cniArgs: [
      ["K8S_POD_NAMESPACE", "here"],
      ["K8S_POD_UID", "u1"],
    ],
    result: { ips: [{ address: "10.0.0.7/24" }, { address: "fd00::7/64" }] },
    ...change,
  });

test("a record of the network tells which pod got which addresses", () => {
  expect(readSighting(record(), "pods")).toEqual({ uid: "u1", addresses: ["10.0.0.7", "fd00::7"] });
});

test.each([
  ["another network", record({ networkName: "cni-loopback" })],
  ["half a file", record().slice(0, 40)],
  ["an empty file", ""],
  ["no object", "null"],
  ["no pod", record({ cniArgs: [["K8S_POD_NAME", "a"]] })],
  ["no arguments", record({ cniArgs: undefined })],
  ["no result", record({ result: undefined })],
  ["no address", record({ result: { ips: [{}] } })],
])("%s tells nothing", (_what, text) => {
  expect(readSighting(text, "pods")).toBeUndefined();
});

test("a folder is read as far as it can be, and one that is not there is empty", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sightings-"));
  try {
    await writeFile(join(folder, "pods-1-eth0"), record());
    await writeFile(join(folder, "pods-2-eth0"), "{");
    await writeFile(join(folder, "cni-loopback-1-lo"), record());
    expect(await readSightings(folder, "pods")).toEqual([{ uid: "u1", addresses: ["10.0.0.7", "fd00::7"] }]);
  } finally {
    await rm(folder, { recursive: true });
  }
  expect(await readSightings(folder, "pods")).toEqual([]);
});

test("what the node saw comes before what the API server was told", () => {
  const fresh = seenPod("fresh");
  const stale = seenPod("stale", { addresses: ["10.0.0.7", "10.0.0.8"] });
  const sightings = [
    { uid: fresh.uid, addresses: ["10.0.0.7"] },
    { uid: fresh.uid, addresses: ["fd00::7"] },
    { uid: "nobody's", addresses: ["10.0.0.9"] },
  ];
  expect(withSightings([fresh, stale], sightings)).toEqual([
    { ...fresh, addresses: ["10.0.0.7", "fd00::7"] },
    { ...stale, addresses: ["10.0.0.8"] },
  ]);
});
