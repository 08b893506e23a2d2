import { describe, expect, test } from "vitest";
import {
  assertNever,
  BusinessError,
  conflict,
  errorText,
  forbidden,
  invalidParams,
  notFound,
} from "./errors.ts";

test.each([
  [invalidParams("x"), "invalid_params"],
  [forbidden("x"), "forbidden"],
  [conflict("x"), "conflict"],
])("%s has the id %s", (made, id) => {
  expect(made).toBeInstanceOf(BusinessError);
  expect(made).toMatchObject({ id, message: "x", name: "BusinessError", details: {} });
});

test("what is not found is named in words and as a resource", () => {
  expect(notFound("app")).toMatchObject({
    id: "not_found",
    message: "Couldn't find that app.",
    details: { resource: "app" },
  });
  expect(notFound("oci_image").message).toBe("Couldn't find that oci image.");
});

test("a cause is kept", () => {
  const cause = new Error("below");
  expect(new BusinessError("unavailable", "x", { cause }).cause).toBe(cause);
  expect("cause" in new BusinessError("unavailable", "x")).toBe(false);
});

describe("the text of what was thrown", () => {
  const both = new AggregateError([new Error("over IPv4"), new Error("over IPv6")]);
  test.each([
    [new Error("plain"), "plain"],
    ["a string", "a string"],
    [undefined, "undefined"],
    [42, "42"],
    [new RangeError(), "RangeError"],
    [both, "over IPv4; over IPv6"],
    [new AggregateError([], "none"), "none"],
    [new AggregateError([]), "AggregateError"],
  ])("%s", (thrown, wanted) => {
    expect(errorText(thrown)).toBe(wanted);
  });
});

test("an unexpected member of a union is told", () => {
  expect(() => assertNever({ kind: "new" } as never)).toThrow('unexpected value: {"kind":"new"}');
});
