import { describe, expect, it, test } from "vitest";
import {
  judgeCertificate,
  judgeClock,
  judgeIsolation,
  judgeMode,
  judgeOrphans,
  judgeSpace,
  mountsBelow,
} from "./doctor-judgements.ts";

const NOW = new Date("2030-01-31T12:00:00Z");
const after = (days: number) => new Date(NOW.getTime() + days * 24 * 60 * 60 * 1_000);

describe("space", () => {
  const none = { free: 0, all: 0 };
  it.each([
    ["plenty", { free: 50, all: 100 }, none, "ok", "50 % of the space under /home is free"],
    ["a tenth", { free: 10, all: 100 }, none, "ok", "10 % of the space under /home is free"],
    ["soon none", { free: 9, all: 100 }, none, "warning", "9.0 % of the space under /home is free"],
    [
      "as much as is left alone",
      { free: 5, all: 100 },
      none,
      "warning",
      "5.0 % of the space under /home is free",
    ],
    ["too little", { free: 49, all: 1_000 }, none, "problem", "4.9 % of the space under /home is free"],
    ["none", { free: 0, all: 100 }, none, "problem", "0.0 % of the space under /home is free"],
    [
      "files, which end first",
      { free: 50, all: 100 },
      { free: 1, all: 100 },
      "problem",
      "1.0 % of the files under /home are free",
    ],
    [
      "space, which ends first",
      { free: 1, all: 100 },
      { free: 50, all: 100 },
      "problem",
      "1.0 % of the space under /home is free",
    ],
  ] as const)("%s", (_name, bytes, files, state, says) => {
    const found = judgeSpace("/home", bytes, files);
    expect(found).toMatchObject({ state, says });
    expect(found.mend === undefined).toBe(state === "ok");
  });
});

describe("the clock", () => {
  it.each([
    ["kept", 0, true, "ok", "in step"],
    ["not known to be kept", 0, undefined, "ok", "not behind"],
    ["kept by nobody", 0, false, "warning", "nothing keeps it"],
    ["a minute behind a file", 60, true, "ok", "in step"],
    ["further behind a file", 61, true, "problem", "it is 61 s behind"],
    ["ahead of all files", -1_000_000, undefined, "ok", "not behind"],
  ] as const)("%s", (_name, behind, synchronized, state, says) => {
    const now = NOW.getTime();
    const found = judgeClock(now, now + behind * 1_000, synchronized);
    expect(found.state).toBe(state);
    expect(found.says).toContain(says);
  });
});

describe("a certificate", () => {
  it.each([
    ["of tomorrow", after(1), after(2), "problem", "not good before"],
    ["of yesterday", after(-9), after(-1), "problem", "ended on"],
    ["that ends now", after(-9), NOW, "warning", "0 more days"],
    ["that ends tomorrow", after(-9), after(1), "warning", "1 more day"],
    ["that ends in a month", after(-9), after(30), "ok", "30 more days"],
  ] as const)("%s", (_name, from, to, state, says) => {
    const found = judgeCertificate("it", { from, to }, NOW, "mend");
    expect([found.state, found.mend]).toEqual([state, state === "ok" ? undefined : "mend"]);
    expect(found.says).toContain(says);
  });
});

it("tells of isolation what is enforced, and how to get more", () => {
  expect(
    judgeIsolation([
      { what: "Memory", state: "enforced", detail: "by cgroup" },
      { what: "Network", state: "absent", detail: "shared", howToGetMore: "Be root." },
      { what: "Disk", state: "sampled", detail: "each second" },
    ]),
  ).toEqual([
    { matter: "Isolation: Memory", state: "ok", says: "enforced: by cgroup" },
    { matter: "Isolation: Network", state: "warning", says: "absent: shared", mend: "Be root." },
    { matter: "Isolation: Disk", state: "warning", says: "sampled: each second" },
  ]);
});

test("what homes that are gone have left is named, with one command that removes it", () => {
  expect(judgeOrphans([])).toBeUndefined();
  const orphans = ["a", "b"].map((id) => ({ table: `conifer_${id.repeat(12)}`, home: `/gone/${id}` }));
  const { state, says, mend } = judgeOrphans(orphans) ?? {};
  expect([state, says]).toEqual(["warning", "firewall rules of dynos whose home is gone: /gone/a, /gone/b"]);
  expect(mend).toMatch(/^for id in aaaaaaaaaaaa bbbbbbbbbbbb; do nft delete table inet conifer_\$id; find /);
});

describe("a mode", () => {
  it.each([0o600, 0o400, 0o100600])("%o is nobody else's", (mode) => {
    expect(judgeMode("/key", mode, 0o600)).toBeUndefined();
  });

  it.each([0o640, 0o604, 0o610, 0o100644])("%o is somebody else's too", (mode) => {
    expect(judgeMode("/key", mode, 0o600)).toMatchObject({ state: "problem", mend: "chmod 600 /key" });
  });
});

it("finds the mounts below a home, whatever their names", () => {
  const line = (path: string) => `36 35 98:0 / ${path} rw,noatime master:1 - ext4 /dev/root rw`;
  const text = ["/", "/home", "/homes/x", "/home/a\\040b", "/home/dynos/1/root"].map(line).join("\n");
  expect(mountsBelow(`${text}\n`, "/home")).toEqual(["/home/a b", "/home/dynos/1/root"]);
});
