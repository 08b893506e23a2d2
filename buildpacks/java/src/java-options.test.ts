import { spawnSync } from "node:child_process";
import path from "node:path";
import { parse } from "smol-toml";
import { describe, expect, it } from "vitest";

const PROGRAM = path.resolve(import.meta.dirname, "../exec.d/java-options");

function options(env: Readonly<Record<string, string>>): string | undefined {
  const run = spawnSync("/bin/sh", [PROGRAM], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    encoding: "utf8",
  });
  expect([run.status, run.stdout, run.stderr]).toEqual([0, "", ""]);
  return parse(run.output[3] ?? "").JAVA_TOOL_OPTIONS as string | undefined;
}

describe("Java's options in a dyno", () => {
  const UTF8 = "-Dfile.encoding=UTF-8";
  const SMALL = "-Xss512k -XX:CICompilerCount=2";
  it.each([
    ["256", `${SMALL} -Xmx150m ${UTF8}`],
    ["512", `${SMALL} -Xmx300m ${UTF8}`],
    ["1024", `-Xmx671m ${UTF8}`],
    ["2560", `-Xmx2048m ${UTF8}`],
    ["14336", `-Xmx12288m ${UTF8}`],
    ["30720", `-Xmx26331m ${UTF8}`],
  ])("of %s MB are %s", (memory, expected) => {
    expect(options({ MEMORY_AVAILABLE: memory })).toBe(expected);
  });

  it("leave the app's own behind, where they win", () => {
    const env = { MEMORY_AVAILABLE: "512", JAVA_TOOL_OPTIONS: '-Da="b\\c"\n-Dx=1' };
    expect(options(env)).toBe(`${SMALL} -Xmx300m ${UTF8} -Da="b\\c" -Dx=1`);
  });

  it.each([{ JAVA_TOOL_OPTIONS: "-Xmx1g" }, { JAVA_TOOL_OPTIONS: "-XX:MaxRAMPercentage=50" }])(
    "do not set the heap where %j does",
    (env) => {
      expect(options({ MEMORY_AVAILABLE: "512", ...env })).toBe(`${UTF8} ${env.JAVA_TOOL_OPTIONS}`);
    },
  );

  it("do not set the heap where JAVA_OPTS does", () => {
    expect(options({ MEMORY_AVAILABLE: "512", JAVA_OPTS: "-Xmx1g" })).toBe(UTF8);
  });

  it("follow from the limit of memory where nobody says", () => {
    expect(options({})).toMatch(/-Xmx\d+m/);
  });

  it.each(["much", "12"])("are left alone with a memory of %s", (memory) => {
    expect(options({ MEMORY_AVAILABLE: memory })).toBeUndefined();
  });
});
