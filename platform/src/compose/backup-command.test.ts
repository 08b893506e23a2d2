import { describe, expect, test } from "vitest";
import { backupText, parseBackupArguments } from "./backup-command.ts";
import type { BackupReport } from "./backup-home.ts";
import { sayBytes, tellProgress } from "./backup-progress.ts";
import { untilInterrupted } from "./interrupted-command.ts";
import { parseKeysArguments, versionLine } from "./keys-command.ts";
import { parseRestoreArguments, restoreText } from "./restore-command.ts";

describe("arguments", () => {
  test.each([
    ["a.backup", { file: "a.backup", key: "apart", json: false }],
    ["a.backup --json", { file: "a.backup", key: "apart", json: true }],
    ["--with-key a.backup", { file: "a.backup", key: "in", json: false }],
    ["a.backup --key-file k.json", { file: "a.backup", key: { copyTo: "k.json" }, json: false }],
    ["", undefined],
    ["--json", undefined],
    ["a b", undefined],
    ["a --key-file", undefined],
    ["a --with-key --key-file k", undefined],
    ["a --key-file k --with-key", undefined],
    ["a --wat", undefined],
  ])("backup %s", (line, wanted) =>
    expect(parseBackupArguments(line.split(" ").filter(Boolean))).toEqual(wanted),
  );

  test.each([
    ["a.backup", { file: "a.backup", keyFile: undefined, json: false }],
    ["--key-file k --json a.backup", { file: "a.backup", keyFile: "k", json: true }],
    ["", undefined],
    ["a --key-file", undefined],
    ["a --key-file k --key-file l", undefined],
    ["a --with-key", undefined],
    ["a b", undefined],
  ])("restore %s", (line, wanted) =>
    expect(parseRestoreArguments(line.split(" ").filter(Boolean))).toEqual(wanted),
  );

  test.each([
    ["list", { verb: "list" }],
    ["rotate", { verb: "rotate" }],
    ["forget 2", { verb: "forget", version: 2 }],
    ["", undefined],
    ["list 1", undefined],
    ["rotate now", undefined],
    ["forget", undefined],
    ["forget 0", undefined],
    ["forget 1 2", undefined],
    ["forget one", undefined],
  ])("keys %s", (line, wanted) =>
    expect(parseKeysArguments(line.split(" ").filter(Boolean))).toEqual(wanted),
  );
});

const section = { files: 2, bytes: 3 * 1024 * 1024, digest: "x" };
const report: BackupReport = {
  ...{
    file: "/b/a.backup",
    bytes: 1024 * 1024,
    sections: { images: section, logs: section },
    migrations: [],
  },
  ...{ keyVersions: [1, 2], tables: { apps: 3, builds: 4 }, jobs: 0, problems: [] },
};

describe("what is told", () => {
  test.each([
    ["apart", /The master key \(version 1, 2\) is not in it.*keep \/home\/keys\/master.json apart/],
    ["in", /The master key is in it: whoever has this file reads every secret/],
    [{ copyTo: "/k.json" }, /\(version 1, 2\) is in \/k.json: keep it apart from the backup/],
  ] as const)("of a backup with its key %j", (key, wanted) => {
    const text = backupText(report, key, "/home/keys/master.json");
    expect(text).toContain("/b/a.backup: 1.0 MB (6.0 MB before compression), 7 rows, 4 files.");
    expect(text).toMatch(wanted);
    expect(text).not.toContain("Damaged");
  });

  test("of what was damaged", () => {
    expect(backupText({ ...report, problems: ["x is damaged"] }, "in", "")).toContain(
      "Damaged in this home: x is damaged",
    );
    const restored = { ...report, home: "/home", madeAt: "2026-11-22", madeBy: "0.1.0" };
    expect(restoreText(restored)).toBe(
      "/home is as it was at 2026-11-22: 7 rows, 4 files. Start it: npm start",
    );
    expect(restoreText({ ...restored, problems: ["x"] })).toContain("Not whole: x");
  });

  test.each([
    [
      { version: 2, isCurrent: true, rows: 7, journal: true },
      "2  seals now; of 7 rows and what the host remembers",
    ],
    [{ version: 1, isCurrent: false, rows: 0, journal: true }, "1  opens only; of what the host remembers"],
    [
      { version: 1, isCurrent: false, rows: 0, journal: false },
      "1  opens only; of nothing; npm run -s keys -- forget 1 removes it",
    ],
    [{ version: 1, isCurrent: true, rows: 0, journal: false }, "1  seals now; of nothing"],
  ])("of a key's version %j", (version, wanted) => expect(versionLine(version)).toBe(wanted));

  test.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KB"],
    [1536 * 1024, "1.5 MB"],
    [5 * 1024 ** 5, "5120.0 TB"],
  ])("%d bytes", (bytes, wanted) => expect(sayBytes(bytes)).toBe(wanted));
});

describe("progress", () => {
  const run = (watched: boolean) => {
    const lines: string[] = [];
    let now = 0;
    const progress = tellProgress(
      (line) => lines.push(line),
      watched,
      () => now,
    );
    progress.begin("database");
    for (const at of [1_000, 2_000, 3_000, 4_500]) {
      now = at;
      progress.added(1024);
    }
    progress.begin("images");
    return lines;
  };

  test("is a line for each part where nobody watches", () => {
    expect(run(false)).toEqual(["database ... (0 B so far)", "images ... (4.0 KB so far)"]);
  });

  test("and one every two seconds where somebody does", () => {
    expect(run(true)).toEqual([
      "database ... (0 B so far)",
      "database ... 2.0 KB",
      "database ... 4.0 KB",
      "images ... (4.0 KB so far)",
    ]);
  });
});

describe("a command that is broken off", () => {
  test("cleans up, and is told so", async () => {
    let isClean = false;
    const work = untilInterrupted(async (signal) => {
      process.emit("SIGTERM");
      isClean = signal.aborted;
      throw new Error("what broke off");
    });
    await expect(work).rejects.toMatchObject({ name: "AbortError" });
    expect(isClean).toBe(true);
  });

  test("and one that is not listens to nobody afterwards", async () => {
    const before = process.listenerCount("SIGINT");
    expect(await untilInterrupted(async () => 7)).toBe(7);
    await expect(untilInterrupted(() => Promise.reject(new Error("its own")))).rejects.toThrow("its own");
    expect(process.listenerCount("SIGINT")).toBe(before);
  });
});
