import { expect, test } from "vitest";
import { StaleClaim } from "./claims.ts";

test("a stale claim names both numbers", () => {
  const thrown = new StaleClaim({ subject: "app/1", number: 3 }, 5);
  expect(thrown).toMatchObject({
    name: "StaleClaim",
    message: "claim 3 on app/1 is older than claim 5, which already acted",
  });
});
