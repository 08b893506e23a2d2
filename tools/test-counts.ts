/** What of vitest's JSON report is needed to count. */
export interface TestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests?: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    /** Why the file itself failed. */
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName?: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** A line for each test and file that failed. */
  readonly failures: readonly string[];
  /** A line for each test that passed only when it was tried again. */
  readonly retried: readonly string[];
}

/**
 * Counts a run. A file that failed without a failed test (it could not be loaded, or its hooks failed) counts as one
 * failure, and so does a runner that ended badly with nothing else to show for it, or that left no report.
 */
export function countTests(report: TestReport | undefined, exitStatus: number | null): TestCounts {
  if (!report)
    return { passed: 0, failed: 1, skipped: 0, failures: ["the runner ended without a report"], retried: [] };
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((one) => one.status === "failed"),
  );
  const failed = report.numFailedTests + brokenFiles.length;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && exitStatus !== 0 ? 1 : failed,
    skipped: report.numPendingTests + (report.numTodoTests ?? 0),
    failures: report.testResults.flatMap(failuresOf),
    retried: report.testResults.flatMap(retriedOf),
  };
}

/** What failed in a file, each with the first line of the reason, so that the end of a long log is enough to begin with. */
function failuresOf(file: FileResult): string[] {
  if (file.status !== "failed") return [];
  const failed = file.assertionResults.filter(({ status }) => status === "failed");
  if (failed.length === 0) return [`${file.name}: ${firstLine(file.message)}`];
  return failed.map((one) => describe(file, one));
}

/** A test that passed has messages of failures when they are those of an earlier try. */
function retriedOf(file: FileResult): string[] {
  return file.assertionResults
    .filter(({ status, failureMessages = [] }) => status === "passed" && failureMessages.length > 0)
    .map((one) => describe(file, one));
}

type FileResult = TestReport["testResults"][number];

function describe({ name }: FileResult, one: FileResult["assertionResults"][number]): string {
  return `${name}: ${one.fullName}: ${firstLine(one.failureMessages?.[0])}`;
}

function firstLine(text = ""): string {
  return text.split("\n", 1).join("").slice(0, 300);
}

/** The last line of a run, in the form that CI reads. */
export function closingLine({ passed, failed, skipped }: Omit<TestCounts, "failures" | "retried">): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/** A run is good when something ran and nothing failed. */
export function isGood({ passed, failed }: Pick<TestCounts, "passed" | "failed">): boolean {
  return passed > 0 && failed === 0;
}
