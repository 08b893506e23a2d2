import { describe, expect, it } from "vitest";
import { type Finding, findingsStatus, findingsText } from "./doctor-finding.ts";

const FINE: Finding = { matter: "Disk", state: "ok", says: "half is free" };
const MEAN: Finding = { matter: "Clock", state: "warning", says: "nobody keeps it", mend: "keep it" };
const BAD: Finding = { matter: "Database", state: "problem", says: "it is away", mend: "start it" };

describe("what is told", () => {
  it("has a line for each, and what mends it below", () => {
    expect(findingsText([FINE, MEAN, BAD])).toBe(
      [
        "ok       Disk      half is free",
        "warning  Clock     nobody keeps it",
        "                   keep it",
        "PROBLEM  Database  it is away",
        "                   start it",
        "",
        "1 problem, 1 warning.",
      ].join("\n"),
    );
  });

  it.each([
    [[FINE], "Everything is well.", 0],
    [[], "Everything is well.", 0],
    [[FINE, MEAN, MEAN], "0 problems, 2 warnings.", 0],
    [[BAD, BAD], "2 problems, 0 warnings.", 1],
  ] as const)("sums up", (findings, last, status) => {
    expect(findingsText(findings).split("\n").at(-1)).toBe(last);
    expect(findingsStatus(findings)).toBe(status);
  });
});
