import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { clusterFolders, nodeFolder } from "./cluster-folders.ts";
import { findProgram, meetNeeds, missingPackages, NEEDS, SYSTEM_PATH } from "./machine-needs.ts";
import { takeDown } from "./take-down-cluster.ts";

const PROGRAM = "conifer-test-program";
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conifer-path-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A file below the folder. */
function put(path: string, mode = 0o755): string {
  const file = join(folder, path);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, "#!/bin/sh\n");
  chmodSync(file, mode);
  return file;
}

const pathOf = (...folders: string[]) => folders.map((one) => join(folder, one)).join(delimiter);

describe("a program", () => {
  test("is the first of its name on PATH", () => {
    const [first, second] = [put(`a/${PROGRAM}`), put(`b/${PROGRAM}`)];
    expect(findProgram(PROGRAM, pathOf("a", "b"))).toBe(first);
    expect(findProgram(PROGRAM, pathOf("b", "a"))).toBe(second);
    expect(findProgram(PROGRAM, pathOf("missing", "b"))).toBe(second);
  });

  test("is none that cannot be run", () => {
    put(`a/${PROGRAM}`, 0o644);
    const second = put(`b/${PROGRAM}`);
    expect(findProgram(PROGRAM, pathOf("a"))).toBeUndefined();
    expect(findProgram(PROGRAM, pathOf("a", "b"))).toBe(second);
    expect(findProgram(join(folder, "a", PROGRAM))).toBeUndefined();
  });

  test("is no folder of that name, as /usr/local/go is beside Go", () => {
    mkdirSync(join(folder, "a", PROGRAM), { recursive: true });
    const second = put(`b/${PROGRAM}`);
    expect(findProgram(PROGRAM, pathOf("a", "b"))).toBe(second);
    expect(findProgram(join(folder, "a", PROGRAM))).toBeUndefined();
  });

  test("may be a link to one, and not a link to nowhere", () => {
    const real = put("real");
    mkdirSync(join(folder, "a"));
    symlinkSync(real, join(folder, "a", PROGRAM));
    expect(findProgram(PROGRAM, pathOf("a"))).toBe(join(folder, "a", PROGRAM));
    rmSync(real);
    expect(findProgram(PROGRAM, pathOf("a"))).toBeUndefined();
  });

  test.each(["", ":", "::", "."])("PATH %j leads to the system's folders only", (path) => {
    const shell = findProgram("sh", path);
    expect(SYSTEM_PATH.map((one) => join(one, "sh"))).toContain(shell);
  });

  test("has an absolute path: where this process happens to stand is no place for one", () => {
    const file = put(`a/${PROGRAM}`);
    const here = relative(process.cwd(), join(folder, "a"));
    expect(findProgram(PROGRAM, here)).toBeUndefined();
    for (const place of [process.cwd(), ...SYSTEM_PATH]) {
      expect(findProgram(relative(place, file), "")).toBeUndefined();
    }
    expect(findProgram(PROGRAM, `${here}${delimiter}${pathOf("a")}`)).toBe(file);
  });

  test("given by its path is looked for there only", () => {
    const file = put(`a/${PROGRAM}`);
    expect(findProgram(file, "")).toBe(file);
    expect(findProgram(join(folder, "b", PROGRAM), pathOf("a"))).toBeUndefined();
  });
});

describe("the packages to install", () => {
  test("bring every file that is missing, in the order of the needs, each once", () => {
    for (const need of NEEDS) {
      expect(missingPackages(NEEDS, (file) => file !== need.file)).toEqual([need.debianPackage]);
    }
    const all = missingPackages(NEEDS, () => false);
    expect(new Set(all)).toEqual(new Set(NEEDS.map(({ debianPackage }) => debianPackage)));
    expect(all).toHaveLength(new Set(all).size);
    expect(missingPackages([], () => false)).toEqual([]);
  });

  test("are asked for each file once", () => {
    const asked: string[] = [];
    missingPackages(NEEDS, (file) => asked.push(file) > 0);
    expect(asked).toEqual(NEEDS.map(({ file }) => file));
  });

  test("have names that a command line can hold as they are", () => {
    for (const { file, debianPackage } of NEEDS) {
      expect(debianPackage).toMatch(/^[a-z0-9][a-z0-9+.-]+$/);
      expect(file).toMatch(/^\/?[a-z0-9/-]+$/);
    }
  });
});

describe("without root", () => {
  beforeEach(() => {
    vi.spyOn(process, "getuid").mockReturnValue(1000);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test("nothing is brought up or taken down, and nothing is said but why", async () => {
    const said: string[] = [];
    const tell = (line: string) => said.push(line);
    await expect(meetNeeds(tell)).rejects.toMatchObject({ failure: "missing" });
    await expect(meetNeeds(tell)).rejects.toThrow("Run the same command with sudo.");
    await expect(takeDown("nosuch", false, tell)).rejects.toMatchObject({ failure: "missing" });
    await expect(takeDown("nosuch", true, tell)).rejects.toThrow("This needs root");
    expect(said).toEqual([]);
  });
});

describe("folders that a node can see", () => {
  test.each([
    [{ HOME: "/home/me" }, "/home/me/.cache/conifer/kubernetes"],
    [{ HOME: "" }, "/root/.cache/conifer/kubernetes"],
    [{}, "/root/.cache/conifer/kubernetes"],
    [{ HOME: "/home/me", XDG_CACHE_HOME: "" }, "/home/me/.cache/conifer/kubernetes"],
    [{ HOME: "/home/me", XDG_CACHE_HOME: "/fast/" }, "/fast/conifer/kubernetes"],
    [{ XDG_CACHE_HOME: "/runner/cache" }, "/runner/cache/conifer/kubernetes"],
    [{ XDG_CACHE_HOME: "/var/library" }, "/var/library/conifer/kubernetes"],
  ])("%j: programs lie in %s, data below it", (environment, cache) => {
    const folders = clusterFolders("dev", environment);
    expect(folders.cache).toBe(cache);
    expect(folders.state).toBe(`${cache}/clusters/dev`);
    for (const path of [folders.certificates, folders.kubeconfig, folders.settings]) {
      expect(path.startsWith(`${folders.state}/`)).toBe(true);
    }
    expect(nodeFolder(folders, "node1")).toBe(`${folders.state}/node1`);
  });

  test("of two clusters are apart, though one name begins with the other", () => {
    const environment = { CONIFER_CLUSTER_STATE: "/data/", HOME: "/root" };
    const [one, other] = [clusterFolders("dev", environment), clusterFolders("dev2", environment)];
    expect([one.state, other.state]).toEqual(["/data/dev", "/data/dev2"]);
    expect(one.cache).toBe(other.cache);
  });

  test.each([
    "/run",
    "/var/run/user/0",
    "/var/lib",
    "/var/log/x",
    "/proc/1",
    "/dev/shm",
    "/data/../run",
    "x",
    "./x",
  ])("%s is not one", (state) => {
    const read = () => clusterFolders("dev", { CONIFER_CLUSTER_STATE: state, HOME: "/root" });
    expect(read).toThrow("Set CONIFER_CLUSTER_STATE to another absolute path.");
    const cached = () => clusterFolders("dev", { XDG_CACHE_HOME: state, CONIFER_CLUSTER_STATE: "/data" });
    expect(cached).toThrow("Set XDG_CACHE_HOME to another absolute path.");
  });
});
