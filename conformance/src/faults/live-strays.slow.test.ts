import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { waitUntil } from "../wait-until.ts";
import { emptyGroups, findStrays } from "./live-strays.ts";

let folder: string;
let home: string;
let temporary: string;
const strays = (dynos = 0) => findStrays({ home, pid: process.pid, temporary, dynos });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conifer-strays-"));
  home = join(folder, "home");
  temporary = join(folder, "tmp");
  for (const one of [home, join(home, "run"), join(home, "dynos"), temporary]) mkdirSync(one);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("what a platform that runs has no use for", () => {
  test("is nothing in an orderly home", () => {
    expect(strays()).toEqual([]);
  });

  test("is a process outside of its tree, and none within", async () => {
    const inside = spawn("sleep", ["30"], { env: { CONIFER_HOME: home } });
    await once(inside, "spawn");
    expect(strays()).toEqual([]);
    // Its parent ends at once, so that it is nobody's any more.
    const outside = spawn("sh", ["-c", "sleep 30 & echo $!"], {
      env: { ...process.env, CONIFER_HOME: home },
    });
    const [pid] = (await once(outside.stdout, "data")).map(Number);
    await once(outside, "exit");
    try {
      await waitUntil("the stray", () =>
        strays().some((line) => line.startsWith(`process ${pid}: sleep 30`)),
      );
    } finally {
      inside.kill("SIGKILL");
      process.kill(pid ?? 0, "SIGKILL");
    }
  });

  test("is a folder of a dyno too many", () => {
    for (const name of ["one", "two", ".shared"]) mkdirSync(join(home, "dynos", name));
    expect(strays(2)).toEqual([]);
    expect(strays(1)).toEqual(["2 folders of dynos, of which 1 run"]);
  });

  test("is a socket that nobody listens on", async () => {
    const path = join(home, "run", "one.sock");
    const server = createServer().listen(path);
    await once(server, "listening");
    expect(strays()).toEqual([]);
    const dead = join(home, "run", "two.sock");
    const script = `require("node:net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`;
    await once(spawn(process.execPath, ["--eval", script, dead]), "exit");
    expect(strays()).toEqual([`socket that nobody listens on: ${dead}`]);
    server.close();
  });

  test("is a temporary file, but for what npm keeps", () => {
    for (const name of ["node-compile-cache", "part"]) writeFileSync(join(temporary, name), "");
    expect(strays()).toEqual(["temporary file: part"]);
  });
});

describe("groups without a process", () => {
  /** A folder of groups as the kernel shows it, each with its processes. */
  function groups(name: string, content: Readonly<Record<string, string>>): string {
    const top = join(folder, name);
    for (const [path, procs] of Object.entries({ "": "", ...content })) {
      mkdirSync(join(top, path), { recursive: true });
      writeFileSync(join(top, path, "cgroup.procs"), procs);
    }
    return top;
  }

  test.each<[string, Record<string, string>, Record<string, string>, readonly string[]]>([
    ["nothing but the tops", {}, {}, []],
    ["a dyno in both", { a: "1\n" }, { a: "1\n" }, []],
    ["a dyno that joins one only to be frozen", { a: "1\n" }, { a: "" }, []],
    ["one that is in neither", { a: "", b: "2\n" }, { a: "" }, ["memory/a", "freezer/a"]],
    ["one with its processes further in", { a: "", "a/in": "3\n" }, {}, []],
  ])("%s", (_name, memory, freezer, wanted) => {
    const tops = [groups("memory", memory), groups("freezer", freezer)];
    expect(emptyGroups(tops)).toEqual(wanted.map((path) => join(folder, path)));
  });
});
