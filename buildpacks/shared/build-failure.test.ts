import { describe, expect, it } from "vitest";
import { BuildFailure, reasonOf } from "./build-failure.ts";

const coded = (code: string) => Object.assign(new Error("request failed"), { code });
const named = (name: string) => Object.assign(new Error("late"), { name });

describe("the reason of a failure", () => {
  it.each([
    [coded("ENOTFOUND"), "its address cannot be looked up"],
    [coded("EAI_AGAIN"), "its address cannot be looked up"],
    [coded("ECONNREFUSED"), "the connection was refused"],
    [coded("ERR_SOCKET_TIMEOUT"), "it did not answer in time"],
    [named("TimeoutError"), "it did not answer in time"],
    [named("AbortError"), "it did not answer in time"],
    [coded("E404"), "request failed"],
    ["text", "text"],
    [undefined, "undefined"],
  ])("%s", (thrown, reason) => {
    expect(reasonOf(thrown)).toBe(reason);
  });
});

it("says what failed and what to do", () => {
  const cause = new Error("why");
  expect(new BuildFailure("It failed.", ["Do this."], cause)).toMatchObject({
    name: "BuildFailure",
    message: "It failed.",
    advice: ["Do this."],
    cause,
  });
  expect(new BuildFailure("It failed.")).toMatchObject({ advice: [] });
});
