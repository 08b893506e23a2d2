import { describe, expect, test } from "vitest";
import { isConflict, isExpired, isNotFound, isPassing, KubeError, readAnswer } from "./kube-error.ts";

const error = (status: number, reason = "") => new KubeError("GET /x", { status, reason, message: "no" });

describe("an answer", () => {
  test("of the API is read", () => {
    const body = JSON.stringify({
      kind: "Status",
      code: 409,
      reason: "AlreadyExists",
      message: 'pods "a" exists',
    });
    const answer = readAnswer(409, body, "3");
    expect(answer).toEqual({
      status: 409,
      reason: "AlreadyExists",
      message: 'pods "a" exists',
      retryAfterSeconds: 3,
    });
    expect(new KubeError("POST /pods", answer)).toMatchObject({
      message: 'POST /pods: pods "a" exists',
      status: 409,
      reason: "AlreadyExists",
      retryAfterSeconds: 3,
    });
  });

  test.each([
    ["no JSON", "<html>Bad gateway</html>", "answer 502: <html>Bad gateway</html>"],
    ["no text in it", '{"message":5}', 'answer 502: {"message":5}'],
    ["nothing", "", "answer 502: "],
  ])("of something in between is quoted: %s", (_what, body, message) => {
    expect(readAnswer(502, body)).toEqual({ status: 502, reason: "", message });
  });

  test("is quoted in part, and a strange Retry-After is no number", () => {
    expect(readAnswer(500, "x".repeat(9_999)).message.length).toBeLessThan(600);
    expect(readAnswer(429, "", "soon")).not.toHaveProperty("retryAfterSeconds");
  });
});

test.each([
  ["404", error(404), { notFound: true }],
  ["409", error(409), { conflict: true }],
  ["410", error(410), { expired: true }],
  ["an expired list", error(400, "Expired"), { expired: true }],
  ["429", error(429), { passing: true }],
  ["500", error(500), { passing: true }],
  ["503", error(503), { passing: true }],
  ["a broken connection", new Error("socket hang up"), { passing: true }],
  ["403", error(403), {}],
  ["422", error(422), {}],
])("%s is told apart", (_what, thrown, is) => {
  expect({
    notFound: isNotFound(thrown),
    conflict: isConflict(thrown),
    expired: isExpired(thrown),
    passing: isPassing(thrown),
  }).toEqual({ notFound: false, conflict: false, expired: false, passing: false, ...is });
});
