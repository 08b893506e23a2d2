import { routes } from "@conifer/contract";
import { expect, test } from "vitest";
import { makeAllowedMethods } from "./allowed-methods.ts";

const allowedMethods = makeAllowedMethods(routes);

test.each([
  ["/apps", ["GET", "HEAD", "POST"]],
  ["/apps/", ["GET", "HEAD", "POST"]],
  ["/apps/one", ["DELETE", "GET", "HEAD", "PATCH"]],
  ["/apps/one/config-vars", ["GET", "HEAD", "PATCH"]],
  ["/nothing", []],
  ["/apps/one/nothing", []],
  ["/", []],
])("%s knows %j", (path, wanted) => {
  expect(allowedMethods(path)).toEqual(wanted);
});

test("a path's own dots and pluses stand for themselves", () => {
  const allowed = makeAllowedMethods([{ method: "PUT", path: "/a.b/{x}+c" }]);
  expect(allowed("/a.b/1+c")).toEqual(["PUT"]);
  expect(allowed("/aXb/1+c")).toEqual([]);
  expect(allowed("/a.b/11c")).toEqual([]);
});
