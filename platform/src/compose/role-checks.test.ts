import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { RoutingTable } from "../edge/table/index.ts";
import { databaseCheck, diskCheck, dynosCheck } from "./role-checks.ts";

test("a database that answers is there; one that does not throws why", async () => {
  const asked: string[] = [];
  const query = async (text: string) => {
    asked.push(text);
    return { rows: [] };
  };
  expect(await databaseCheck({ query }).look()).toBeUndefined();
  expect(asked).toEqual(["select 1"]);
  const away = databaseCheck({ query: () => Promise.reject(new Error("away")) });
  await expect(away.look()).rejects.toThrow("away");
});

test.each([
  ["room for both", { bytes: 2 ** 30, files: 100 }, undefined],
  ["files that are not counted", { bytes: 2 ** 30, files: undefined }, undefined],
  ["just enough", { bytes: 2 ** 24, files: 1 }, undefined],
  ["one byte less", { bytes: 2 ** 24 - 1, files: 1 }, "The disk of /home is full."],
  ["no bytes", { bytes: 0, files: 100 }, "The disk of /home is full."],
  ["no files", { bytes: 2 ** 30, files: 0 }, "The disk of /home has no room for another file."],
] as const)("a disk with %s", async (_what, space, why) => {
  expect(await diskCheck("/home", async () => space).look()).toBe(why);
});

test("a real disk is looked at, and a folder that is not there throws", async () => {
  expect(await diskCheck(tmpdir()).look()).toBeUndefined();
  await expect(diskCheck("/there/is/no/such/folder").look()).rejects.toThrow("ENOENT");
});

test("a router is ready while it knows where dynos are", async () => {
  const table = new RoutingTable();
  const check = dynosCheck(table);
  expect(await check.look()).toContain("not known");
  table.news({ kind: "all", apps: {} });
  expect(await check.look()).toBeUndefined();
  table.endpointsLost();
  expect(await check.look()).toContain("not known");
});
