import { describe, expect, it } from "vitest";
import { stackFor } from "./classic-build.ts";

describe("the stack that a classic buildpack is told", () => {
  it.each([
    ["2.36", "heroku-22"],
    ["2.35", "heroku-22"],
    ["2.39", "heroku-24"],
    ["2.41", "heroku-24"],
    ["2.43", "heroku-26"],
    ["3.0", "heroku-26"],
    ["", "heroku-22"],
    ["musl", "heroku-22"],
  ])("on a base with the C library %j is %s", (library, stack) => {
    expect(stackFor(library)).toBe(stack);
  });
});
