import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  isConflict,
  isExpired,
  isNotFound,
  isPassing,
  type KubeAnswer,
  KubeError,
  readAnswer,
} from "./kube-error.ts";

describe("an answer that is no success", () => {
  test.each<[string, string | undefined, Partial<KubeAnswer>]>([
    [
      '{"reason":"NotFound","message":"pods \\"a\\" not found"}',
      undefined,
      { reason: "NotFound", message: 'pods "a" not found' },
    ],
    ['{"message":"no reason"}', undefined, { reason: "", message: "no reason" }],
    ['{"reason":7,"message":"odd reason"}', undefined, { reason: "", message: "odd reason" }],
    [
      '{"reason":"Odd","message":7}',
      undefined,
      { reason: "", message: 'answer 500: {"reason":"Odd","message":7}' },
    ],
    ["null", undefined, { message: "answer 500: null" }],
    ["[]", undefined, { message: "answer 500: []" }],
    ["", undefined, { message: "answer 500: " }],
    ["<html>", undefined, { message: "answer 500: <html>" }],
    ["<html>", "5", { retryAfterSeconds: 5 }],
    ["<html>", "0", { retryAfterSeconds: 0 }],
    ["<html>", "-5", { retryAfterSeconds: undefined }],
    ["<html>", "Wed, 21 Oct 2026 07:28:00 GMT", { retryAfterSeconds: undefined }],
    ["<html>", "", { retryAfterSeconds: undefined }],
  ])("%j with retry-after %j", (body, retryAfter, wanted) => {
    const { reason = "", message, retryAfterSeconds, ...rest } = readAnswer(500, body, retryAfter);
    expect(rest).toEqual({ status: 500 });
    expect({ reason, message, retryAfterSeconds }).toMatchObject(wanted);
  });

  test("is quoted in part when it is long", () => {
    const { message } = readAnswer(502, "x".repeat(100_000));
    expect(message.length).toBeLessThan(600);
  });

  test("whatever it holds is told without a fault", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.json()),
        fc.option(fc.string(), { nil: undefined }),
        (body, retryAfter) => {
          const answer = readAnswer(503, body, retryAfter);
          expect(answer.status).toBe(503);
          expect(typeof answer.message).toBe("string");
          expect(typeof answer.reason).toBe("string");
          expect(answer.retryAfterSeconds ?? 0).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });
});

describe("what it means", () => {
  test("the word counts as the status does: a watch's error may come without one", () => {
    const expired = new KubeError("watching", { status: 500, reason: "Expired", message: "too old" });
    expect(isExpired(expired)).toBe(true);
    expect(expired).toMatchObject({ name: "KubeError", message: "watching: too old" });
  });

  test.each([undefined, null, "404", { status: 404 }, new Error("404"), new TypeError("fetch failed")])(
    "%s is no answer of the server",
    (thrown) => {
      for (const is of [isNotFound, isConflict, isExpired]) expect(is(thrown)).toBe(false);
      expect(isPassing(thrown)).toBe(true);
    },
  );
});
