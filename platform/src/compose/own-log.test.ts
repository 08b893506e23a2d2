import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openOwnLog } from "./own-log.ts";

const now = () => new Date("2026-01-02T03:04:05.000Z");
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conifer-own-log-"));
  path = join(folder, "control.log");
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (bounds: Partial<Parameters<typeof openOwnLog>[0]> = {}) =>
  openOwnLog({ path, role: "control", fileBytes: 1_000_000, files: 5, now, ...bounds });
const line = (n: number | string) => `{"time":"now","message":"${n}"}\n`;
const messages = (file = path) =>
  readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((text) => {
      const { message, text: output, lost } = JSON.parse(text) as Record<string, unknown>;
      return lost === undefined ? (output ?? message) : `${message}: ${lost}`;
    });

test("lines are appended over restarts, for this user only", async () => {
  for (const text of ["one", "two"]) {
    const log = open();
    log.write(line(text));
    await log.close();
  }
  expect(messages()).toEqual(["one", "two"]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("what is not of a logger is in the log as well, as JSON", async () => {
  const log = open();
  log.write("Error: out of sand\n    at dig");
  await log.close();
  const [first = ""] = readFileSync(path, "utf8").split("\n");
  expect(JSON.parse(first)).toEqual({
    ...{ time: "2026-01-02T03:04:05.000Z", level: "info", role: "control" },
    ...{ message: "output", text: "Error: out of sand" },
  });
  expect(messages()).toEqual(["Error: out of sand", "    at dig"]);
});

describe("bounds", () => {
  const names = () => readdirSync(folder).sort();
  const sizes = () => names().map((name) => statSync(join(folder, name)).size);

  test("a full file gets the next number, and the oldest goes", async () => {
    const log = open({ fileBytes: 300, files: 3 });
    for (let n = 0; n < 500; n += 1) log.write(line(n));
    await log.close();
    expect(names()).toEqual(["control.log", "control.log.1", "control.log.2"]);
    for (const size of sizes()) expect(size).toBeLessThanOrEqual(300);
    const kept = ["control.log.2", "control.log.1", "control.log"].flatMap((name) =>
      messages(join(folder, name)),
    );
    expect(kept.at(-1)).toBe("499");
    expect(kept).toEqual(kept.map((_, at) => String(500 - kept.length + at)));
  });

  test("one file alone is begun anew", async () => {
    const log = open({ fileBytes: 100, files: 1 });
    for (let n = 0; n < 50; n += 1) log.write(line(n));
    await log.close();
    expect([names(), messages().at(-1)]).toEqual([["control.log"], "49"]);
  });

  test("a line that is longer than a file has one to itself", async () => {
    const log = open({ fileBytes: 50, files: 3 });
    log.write(line("short"));
    log.write(line("long".repeat(100)));
    await log.close();
    expect([messages(`${path}.1`), messages()[0]]).toEqual([["short"], "long".repeat(100)]);
  });

  test("a file that is full from before is put aside at the next write", async () => {
    writeFileSync(path, line("old"));
    const log = open({ fileBytes: 10 });
    log.write(line("new"));
    await log.close();
    expect([messages(`${path}.1`), messages()]).toEqual([["old"], ["new"]]);
  });

  test("files beyond the number that is kept now are removed, and nothing else", async () => {
    for (const name of ["control.log.2", "control.log.17", "control.log.3", "control.log.old", "host.log.9"])
      writeFileSync(join(folder, name), "x\n");
    await open({ files: 3 }).close();
    expect(names()).toEqual(["control.log", "control.log.2", "control.log.old", "host.log.9"]);
  });
});

test("a line that was torn by a kill does not spoil the next", async () => {
  appendFileSync(path, '{"time":"now","mess');
  const log = open();
  log.write(line("after"));
  await log.close();
  const lines = readFileSync(path, "utf8").split("\n");
  expect(lines).toEqual(['{"time":"now","mess', line("after").trim(), ""]);
});

test("a disk that takes nothing costs lines, which are counted and told", async () => {
  const log = open({ fileBytes: 60, files: 2 });
  log.write(line("before"));
  await log.flushed();
  // A folder that is not empty, in the place of the next file: nothing can be put there.
  mkdirSync(join(`${path}.1`, "x"), { recursive: true });
  for (let n = 0; n < 3; n += 1) log.write(line(`lost ${n}`));
  await log.flushed();
  expect(messages()).toEqual(["before"]);
  rmSync(`${path}.1`, { recursive: true });
  log.write(line("after"));
  await log.close();
  expect([messages(`${path}.1`), messages()]).toEqual([["after"], ["lines of this log were lost: 3"]]);
});

test("a full disk is no failure of the process that writes", async () => {
  symlinkSync("/dev/full", path);
  const log = open();
  log.write(line("lost"));
  await log.flushed();
  log.write(line("lost too"));
  await log.close();
  expect(log.tail()).toContain("lost too");
});

test("more than may wait for the disk is lost, and the process goes on", async () => {
  const log = open({ waitingBytes: 200 });
  for (let n = 0; n < 100; n += 1) log.write(line(n));
  await log.close();
  const kept = messages();
  const [, lost] = /lost: (\d+)$/.exec(String(kept.find((text) => String(text).includes("lost:")))) ?? [];
  expect(kept.length - 1 + Number(lost)).toBe(100);
});

test("the tail is the end of what was written, also after the end", async () => {
  const log = open();
  log.write("x".repeat(10_000));
  await log.close();
  await log.close();
  log.write("the end");
  expect(log.tail()).toHaveLength(4_000);
  expect(log.tail()).toMatch(/xthe end$/);
  expect(readFileSync(path, "utf8")).not.toContain("the end");
});
