import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, copyFileSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { unnamedFiles } from "./unnamed-files.ts";

const SIZE = 1_048_576;
const ROOT = process.getuid?.() === 0;

let folder: string;
let open: number[];
let children: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conifer-unnamed-"));
  open = [];
  children = [];
});

afterEach(() => {
  for (const fd of open) closeSync(fd);
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

function openFile(name: string, within = folder): string {
  const path = join(within, name);
  const fd = openSync(path, "wx");
  open.push(fd);
  writeSync(fd, Buffer.alloc(SIZE, 1));
  return path;
}

const found = () => unnamedFiles([process.pid]);

describe("files that a process keeps without a name", () => {
  test("count with what they take of the disk, once each", () => {
    const before = found();
    const path = openFile("removed");
    open.push(openSync(path, "r"));
    rmSync(path);
    const after = found();
    expect(after.entries - before.entries).toBe(1);
    expect(after.bytes - before.bytes).toBeGreaterThanOrEqual(SIZE);
    expect(after.bytes - before.bytes).toBeLessThan(2 * SIZE);
  });

  test("do not count while they have a name, whatever it is", () => {
    const before = found();
    openFile("kept");
    openFile("kept (deleted)");
    expect(found()).toEqual(before);
  });

  test("do not count where they are in memory alone", () => {
    const before = found();
    const path = openFile(`conifer-unnamed-${process.pid}`, "/dev/shm");
    rmSync(path);
    expect(found()).toEqual(before);
  });

  test.skipIf(!ROOT)("count when they are only mapped, as a program that runs is", async () => {
    const program = join(folder, "sleep");
    copyFileSync("/bin/sleep", program);
    const size = statSync(program).blocks * 512;
    const child = spawn(program, ["60"], { stdio: "ignore" });
    children.push(child);
    await once(child, "spawn");
    rmSync(program);
    expect(unnamedFiles([child.pid ?? 0])).toEqual({ bytes: size, entries: 1 });
  });

  test("are none of a process that is gone", () => {
    expect(unnamedFiles([2 ** 22 + 1])).toEqual({ bytes: 0, entries: 0 });
  });
});
