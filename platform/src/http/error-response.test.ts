import { type ErrorId, errorCatalog } from "@conifer/contract";
import { describe, expect, test } from "vitest";
import { BusinessError, notFound } from "../kernel/index.ts";
import { errorResponse } from "./error-response.ts";

const here = { isStoreAway: () => false };

describe("a business error", () => {
  test.each(Object.keys(errorCatalog) as ErrorId[])(
    "%s has its catalogue's status and its own text",
    (id) => {
      const answer = errorResponse(new BusinessError(id, "Because."), "r-1", here);
      expect(answer.status).toBe(errorCatalog[id].status);
      expect(answer.body).toEqual({ id, message: "Because." });
    },
  );

  test("tells what it is about, and never its cause", () => {
    const app = { id: "a", name: "app" };
    const cause = new Error("password=hunter2");
    const thrown = new BusinessError("conflict", "No.", { resource: "app", app, url: "https://x/", cause });
    expect(errorResponse(thrown, "r-1", here).body).toEqual({
      id: "conflict",
      message: "No.",
      resource: "app",
      app,
      url: "https://x/",
    });
    expect(errorResponse(notFound("log_drain"), "r-1", here).body).toEqual({
      id: "not_found",
      message: "Couldn't find that log drain.",
      resource: "log_drain",
    });
  });

  test.each([
    ["invalid_params", false],
    ["not_implemented", false],
    ["internal", true],
    ["unavailable", true],
  ] as const)("%s belongs in the diagnostics: %s", (id, ours) => {
    expect(errorResponse(new BusinessError(id, "x"), "r-1", here).ours).toBe(ours);
  });
});

test.each([new Error("select * from secrets"), "text", undefined, { code: "X" }])(
  "anything else names only the request: %s",
  (thrown) => {
    const { status, body, ours } = errorResponse(thrown, "r-1", here);
    expect([status, body.id, ours]).toEqual([500, "internal", true]);
    expect(body.message).toContain("r-1");
    expect(JSON.stringify(body)).not.toContain("secrets");
  },
);

test("a store or a part that is away answers 503", () => {
  const store = errorResponse(new Error("x"), "r-1", { isStoreAway: () => true });
  expect([store.status, store.body.id]).toEqual([503, "unavailable"]);
  expect(store.body.message).toMatch(/database.*r-1/);
  const part = errorResponse(new Error("x"), "r-1", { isStoreAway: () => true, isPartAway: () => true });
  expect([part.status, part.body.id]).toEqual([503, "unavailable"]);
  expect(part.body.message).toMatch(/A part of Conifer.*r-1/);
});
