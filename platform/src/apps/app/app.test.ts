import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isId } from "../../kernel/index.ts";
import { checkAppName, features, makeAppName } from "./app.ts";

const good = (name: string) => {
  try {
    checkAppName(name);
    return true;
  } catch (thrown) {
    expect(thrown).toMatchObject({ id: "invalid_params" });
    return false;
  }
};

describe("an app's name", () => {
  test.each(["abc", "my-app", "a1b2c3", "x".repeat(30), "a-b-c", "app-2026"])("may be %s", (name) => {
    expect(good(name)).toBe(true);
  });

  test.each([
    "",
    "ab",
    "x".repeat(31),
    "1app",
    "-app",
    "app-",
    "my--app",
    "My-App",
    "my_app",
    "my.app",
    "my app",
    "äpp",
    "app\n",
    "../..",
    "01234567-89ab-cdef-0123-456789abcdef",
    "api",
    "git",
    "www",
    "conifer",
  ])("may not be %j", (name) => {
    expect(good(name)).toBe(false);
  });

  test("that is allowed is a DNS label, a path and never an id", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."abz019-._A/"), maxLength: 40 }), (name) => {
        if (!good(name)) return;
        expect(name).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
        expect(name.length).toBeLessThanOrEqual(30);
        expect(isId(name)).toBe(false);
      }),
    );
  });

  test("that is too long is told so", () => {
    expect(() => checkAppName("x".repeat(31))).toThrow("at most 30 characters");
  });

  test("of the platform itself counts as taken", () => {
    expect(() => checkAppName("registry")).toThrow("Name registry is already taken.");
  });
});

describe("a made name", () => {
  test("is always allowed", () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(fc.property(random, (value) => good(makeAppName(() => value))));
  });

  test("has millions of siblings", () => {
    const names = new Set(Array.from({ length: 500 }, () => makeAppName(Math.random)));
    expect(names.size).toBeGreaterThan(495);
  });
});

test("features have ids and names of their own", () => {
  expect(new Set(features.map(({ id }) => id)).size).toBe(features.length);
  expect(features.every(({ id }) => isId(id))).toBe(true);
  expect(features.map(({ name }) => name)).toContain("preboot");
});
