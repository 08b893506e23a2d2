import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  clearPostgresRemains,
  parsePostmasterFile,
  readPostmasterFile,
  serverProcesses,
} from "./postgres-remains.ts";

describe("postmaster.pid", () => {
  const file = (status: string) =>
    `4711\n/data\n1763000000\n5432\n/run/pg\n\n  1234567     32769\n${status}\n`;

  test.each(["starting", "ready", "stopping", "standby"])("%s", (status) => {
    expect(parsePostmasterFile(file(`${status}   `))).toEqual({ pid: 4711, status });
  });

  test("one that is still being written has no status", () => {
    expect(parsePostmasterFile("4711\n/data\n")).toEqual({ pid: 4711, status: "" });
  });

  test.each(["", "\n", "postgres\n", "-1\n", "0\n"])("no file of a server: %j", (text) => {
    expect(parsePostmasterFile(text)).toBeUndefined();
  });
});

describe("remains", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "conifer-pg-"));
    mkdirSync(join(root, "data"));
    mkdirSync(join(root, "run"));
  });
  afterEach(() => rmSync(root, { recursive: true }));
  const options = () => ({ dataDir: join(root, "data"), socketDir: join(root, "run"), withinMs: 1_000 });

  test("lock files of a server that is gone are removed, even when its id belongs to another process now", async () => {
    writeFileSync(join(root, "data/postmaster.pid"), `${process.pid}\n/data\n1\n5432\n\n\n\nready\n`);
    for (const name of [".s.PGSQL.5432", ".s.PGSQL.5432.lock"]) writeFileSync(join(root, "run", name), "");
    await clearPostgresRemains(options());
    expect([...readdirSync(join(root, "data")), ...readdirSync(join(root, "run"))]).toEqual([]);
  });

  test("a folder that was never used is fine", async () => {
    await clearPostgresRemains({ ...options(), dataDir: join(root, "none"), socketDir: join(root, "none") });
    expect(await readPostmasterFile(join(root, "none"))).toBeUndefined();
  });

  test("a process that merely stands in the folder is no server", async () => {
    expect(await serverProcesses(process.cwd())).toEqual([]);
  });
});
