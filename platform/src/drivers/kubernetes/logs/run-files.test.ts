import fc from "fast-check";
import { expect, test } from "vitest";
import { orderRunFiles } from "./run-files.ts";

const namesOf = (names: readonly string[]) => orderRunFiles(names).map(({ name }) => name);

test.each([
  [[], []],
  [["0.log"], ["0.log"]],
  [
    ["0.log", "0.log.20261121-104500", "0.log.20261121-104400.gz"],
    ["0.log.20261121-104400.gz", "0.log.20261121-104500", "0.log"],
  ],
  [
    ["10.log", "9.log", "9.log.20261121-104500"],
    ["9.log.20261121-104500", "9.log", "10.log"],
  ],
  [["0.log.20261121-104500.tmp", "..", "x.log", "0.log.old", "0.log.20261121-104500.gz.gz", "-1.log"], []],
  [["0.log.20261121-104500", "0.log.20261121-104500.gz"], ["0.log.20261121-104500"]],
])("of %j, %j are read in this order", (names, wanted) => {
  expect(namesOf(names)).toEqual(wanted);
});

test("the order is that of writing, however the folder lists them", () => {
  const wanted = [
    "0.log.20261121-104400.gz",
    "0.log.20261121-235959",
    "0.log",
    "1.log.20261122-000000",
    "1.log",
  ];
  fc.assert(
    fc.property(fc.shuffledSubarray(wanted, { minLength: wanted.length }), (names) => {
      expect(namesOf(names)).toEqual(wanted);
    }),
  );
  expect(orderRunFiles(wanted).map(({ run, isCompressed }) => [run, isCompressed])).toEqual([
    [0, true],
    [0, false],
    [0, false],
    [1, false],
    [1, false],
  ]);
});
