import { describe, expect, test } from "vitest";
import { schemaDocument, validateRequest, validateResponse } from "./validation.ts";

describe("the door", () => {
  test("checks requests alike in both variants", () => {
    for (const variant of ["base", "sdk"] as const) {
      expect(validateRequest("POST /apps/{app}/log-sessions", variant, { dyno: "web.1" })).toEqual([]);
      expect(validateRequest("POST /apps/{app}/log-sessions", variant, { dyno_name: "web.1" })).toEqual([]);
    }
  });

  test("does not ask a GET for fields that come in its query", () => {
    const key = "GET /teams/{team}/usage/daily";
    expect(validateRequest(key, "base", undefined)).toEqual([]);
    expect(validateRequest(key, "base", null)).toEqual([]);
    expect(validateRequest(key, "base", { end: "2030-01-31" })).toEqual(["The field start is missing."]);
  });

  test("checks answers of each variant", () => {
    const stack = {
      created_at: "2030-01-31T12:00:00Z",
      default: true,
      id: "01234567-89ab-4cde-8123-456789abcdef",
      name: "cnb",
      state: "public",
      updated_at: "2030-01-31T12:00:00Z",
    };
    expect(validateResponse("GET /stacks", "base", 200, [stack])).toEqual([]);
    expect(validateResponse("GET /stacks/{stack}", "sdk", 200, stack)).toEqual([]);
    expect(validateResponse("GET /stacks", "sdk", 200, [{ ...stack, default: null }])).toEqual([
      "The field [0].default must be true or false.",
    ]);
  });

  test("makes a new document each time, so that nobody can spoil another's", () => {
    const one = schemaDocument("base");
    (one.definitions as Record<string, unknown>).app = null;
    expect((schemaDocument("base").definitions as Record<string, unknown>).app).not.toBeNull();
  });
});
