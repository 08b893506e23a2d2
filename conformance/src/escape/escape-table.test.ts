import { describe, expect, test } from "vitest";
import {
  columnName,
  differences,
  doctorRows,
  type MachineFacts,
  pageRows,
  readExpected,
  readFacts,
} from "./escape-table.ts";

const GUIDE = `# A page

| Attempt | Who | root | account |
| --- | --- | --- | --- |
| \`signal\` Signals others | all | no | no |
| \`memory\` Takes memory | dyno, one-off | bounded | yes |
| \`loopback\` Reaches it | build | yes | yes |
| \`loopback\` Reaches it | release, dyno, one-off | no | yes |

More text.
`;

describe("the table", () => {
  test("tells for each kind what is expected of which attempt", () => {
    const expected = readExpected(GUIDE, "root");
    expect(Object.fromEntries(expected.get("build") ?? [])).toEqual({ signal: "no", loopback: "yes" });
    expect(Object.fromEntries(expected.get("dyno") ?? [])).toEqual({
      signal: "no",
      memory: "bounded",
      loopback: "no",
    });
    expect(readExpected(GUIDE, "account").get("one-off")?.get("memory")).toBe("yes");
  });

  test.each([
    [
      "a level that is not there",
      GUIDE,
      "root, no cgroups",
      /no column "root, no cgroups", only root · account/,
    ],
    ["an outcome that is none", GUIDE.replace("bounded", "maybe"), "root", /"maybe" cannot become of memory/],
    ["somebody unknown", GUIDE.replace("dyno, one-off", "dino"), "root", /nobody is called "dino"/],
    ["a row without an attempt", GUIDE.replace("`signal`", "signal"), "root", /names no attempt/],
  ])("with %s is refused", (_what, guide, column, message) => {
    expect(() => readExpected(guide, column)).toThrow(message);
  });
});

const ALL: MachineFacts = { root: true, cgroups: true, ownNetwork: true, filter: true, userNamespace: true };

test.each([
  [{}, "root"],
  [{ cgroups: false }, "root, no cgroups"],
  [{ ownNetwork: false }, "root, no network"],
  [{ cgroups: false, ownNetwork: false }, "root, no cgroups, no network"],
  [{ filter: false }, "root, no filter"],
  [{ userNamespace: false }, "root, no user namespaces"],
  [{ root: false, ownNetwork: false }, "account"],
  [{ root: false, ownNetwork: false, cgroups: false }, "account, no cgroups"],
] as [Partial<MachineFacts>, string][])("a machine with %j has the column %s", (facts, column) => {
  expect(columnName({ ...ALL, ...facts })).toBe(column);
});

test("the first page tells which machine it is", () => {
  const page = (memory: string) =>
    `What keeps apps apart\n  User          enforced  a user namespace of the dyno's own\n  Network       enforced  of its own\n  System calls  absent    no perl\n  Memory        ${memory}  x\n`;
  expect(readFacts(page("enforced"), true)).toEqual({ ...ALL, filter: false });
  expect(readFacts(page("sampled "), false)).toEqual({ ...ALL, root: false, cgroups: false, filter: false });
});

test("the page at the start and the doctor tell the same rows", () => {
  const page =
    "What keeps apps apart and within limits here\n  Processes, mounts  enforced  namespaces of the dyno's own\n" +
    "  Memory             absent    all there is  (more: Run Conifer as root, or so.)\n\nPoint a shell here\n  x  enforced  y\n";
  const doctor =
    "ok        Disk                          much is free\n" +
    "ok        Isolation: Processes, mounts  enforced: namespaces of the dyno's own\n" +
    "warning   Isolation: Memory             absent: all there is\n          Run Conifer as root, or so.\n";
  expect(pageRows(page)).toEqual([
    { what: "Processes, mounts", state: "enforced", detail: "namespaces of the dyno's own" },
    { what: "Memory", state: "absent", detail: "all there is" },
  ]);
  expect(doctorRows(doctor)).toEqual(pageRows(page));
});

describe("differences", () => {
  const expected = readExpected(GUIDE, "root");
  const result = (attempt: string, got: "no" | "yes" | "untried") =>
    ({ escape: "build", attempt, got, detail: "how" }) as const;

  test("there are none when all came as expected, or could not be tried", () => {
    expect(differences(expected, [result("signal", "no"), result("loopback", "yes")], ["build"])).toEqual([]);
    expect(
      differences(expected, [result("signal", "untried"), result("loopback", "yes")], ["build"]),
    ).toEqual([]);
  });

  test("each is a line", () => {
    expect(differences(expected, [result("signal", "yes"), result("other", "no")], ["build"])).toEqual([
      "build signal: yes (how), expected no",
      "build other: no (how), expected nothing",
      "build loopback: it never came",
    ]);
  });
});
