import fc from "fast-check";
import { expect, test } from "vitest";
import type { BusinessError } from "../kernel/index.ts";
import { parseBody } from "./json-body.ts";

const idOf = (text: string) => {
  try {
    parseBody(text);
    return undefined;
  } catch (thrown) {
    return (thrown as BusinessError).id;
  }
};

test("an empty body is none", () => {
  expect(parseBody("")).toBeUndefined();
});

test("any JSON comes back as it went in", () => {
  const value = fc.jsonValue().filter((json) => !JSON.stringify(json).includes("\\u0000"));
  fc.assert(
    fc.property(value, (json) => {
      expect(parseBody(JSON.stringify(json))).toEqual(JSON.parse(JSON.stringify(json)));
    }),
  );
});

test.each(["{", "{'a':1}", "undefined", '{"a":1}x', "\u0000", '"\u0001"'])("%j is a bad request", (text) => {
  expect(idOf(text)).toBe("bad_request");
});

test.each(['"\\u0000"', '{"a":["x\\u0000y"]}', '{"a\\u0000":1}', '{"a":{"b":{"c":"\\u0000"}}}'])(
  "%s is refused for its NUL",
  (text) => {
    expect(idOf(text)).toBe("invalid_params");
  },
);

test("a backslash before u0000 is no NUL", () => {
  expect(parseBody('{"a":"\\\\u0000"}')).toEqual({ a: "\\u0000" });
});
