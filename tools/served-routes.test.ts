import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { accessTable } from "../platform/src/http/access-table.ts";
import { servedRoutesText } from "./served-routes.ts";

test("routes are listed in order, a key a line", () => {
  expect(servedRoutesText({ "GET /b": {}, "DELETE /a": {} })).toBe('[\n  "DELETE /a",\n  "GET /b"\n]\n');
  expect(servedRoutesText({})).toBe("[]\n");
});

test("the file lists what the authorization table does", () => {
  expect(readFileSync("contract/served-routes.json", "utf8")).toBe(servedRoutesText(accessTable));
});
