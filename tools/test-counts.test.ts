import { describe, expect, test } from "vitest";
import { closingLine, countTests, isGood, type TestReport } from "./test-counts.ts";

const file = (status: string, ...tests: string[]) => ({
  name: "a.test.ts",
  status,
  assertionResults: tests.map((one) => ({ status: one })),
});
const report = (given: Partial<TestReport>): TestReport => ({
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  testResults: [],
  ...given,
});

describe("counting", () => {
  test.each<[string, TestReport | undefined, number | null, string, boolean]>([
    ["all passed", report({ numPassedTests: 3 }), 0, "3 passed, 0 failed", true],
    [
      "some skipped",
      report({ numPassedTests: 3, numPendingTests: 1, numTodoTests: 1 }),
      0,
      "3 passed, 0 failed, 2 skipped",
      true,
    ],
    [
      "one failed",
      report({ numPassedTests: 2, numFailedTests: 1, testResults: [file("failed", "passed", "failed")] }),
      1,
      "2 passed, 1 failed",
      false,
    ],
    [
      "a file that cannot be loaded",
      report({ numPassedTests: 2, testResults: [file("failed")] }),
      1,
      "2 passed, 1 failed",
      false,
    ],
    [
      "a hook that failed after good tests",
      report({ numPassedTests: 2, testResults: [file("failed", "passed", "passed")] }),
      1,
      "2 passed, 1 failed",
      false,
    ],
    ["an unhandled error outside any test", report({ numPassedTests: 2 }), 1, "2 passed, 1 failed", false],
    ["a runner that was killed", undefined, null, "0 passed, 1 failed", false],
    ["a report without an end", report({ numPassedTests: 2 }), null, "2 passed, 1 failed", false],
    ["nothing ran", report({}), 0, "0 passed, 0 failed", false],
    ["only skipped tests", report({ numPendingTests: 4 }), 0, "0 passed, 0 failed, 4 skipped", false],
  ])("%s", (_name, given, status, line, good) => {
    const counts = countTests(given, status);
    expect(closingLine(counts)).toBe(line);
    expect(isGood(counts)).toBe(good);
  });

  test("tells what failed and why, in a line each", () => {
    const { failures } = countTests(
      report({
        numFailedTests: 1,
        testResults: [
          {
            name: "a.test.ts",
            status: "failed",
            assertionResults: [
              { status: "passed", fullName: "good" },
              { status: "failed", fullName: "a b", failureMessages: ["Error: no\n    at x"] },
            ],
          },
          { name: "b.test.ts", status: "failed", message: "cannot load\nmore", assertionResults: [] },
          { name: "c.test.ts", status: "passed", assertionResults: [{ status: "passed" }] },
        ],
      }),
      1,
    );
    expect(failures).toEqual(["a.test.ts: a b: Error: no", "b.test.ts: cannot load"]);
  });

  test("tells what passed only when it was tried again", () => {
    const { failures, retried } = countTests(
      report({
        numPassedTests: 2,
        testResults: [
          {
            name: "a.test.ts",
            status: "passed",
            assertionResults: [
              { status: "passed", fullName: "good", failureMessages: [] },
              { status: "passed", fullName: "late", failureMessages: ["Error: not yet\n    at x"] },
            ],
          },
        ],
      }),
      0,
    );
    expect([failures, retried]).toEqual([[], ["a.test.ts: late: Error: not yet"]]);
  });

  test("tells of a run that left no report", () => {
    expect(countTests(undefined, null).failures).toEqual(["the runner ended without a report"]);
  });
});
