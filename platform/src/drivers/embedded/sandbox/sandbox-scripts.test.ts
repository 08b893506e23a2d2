import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { carryEnvironment } from "./program-environment.ts";
import { becomeText, enterText } from "./sandbox-scripts.ts";

const OURS = {
  PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
  LC_ALL: "C",
  CONIFER_CGROUPS: "/sys/fs/cgroup/x",
  CONIFER_PIDS: "",
  CONIFER_TERMINAL: "",
};

function run(script: string, cwd: string, env: Readonly<Record<string, string>>, argv: readonly string[]) {
  const all = { ...OURS, CONIFER_CWD: cwd, ...carryEnvironment(env) };
  const { status, stdout, stderr } = spawnSync("/bin/sh", ["-c", script, "sh", ...argv], {
    env: all,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

// Shells that are not dash add these of their own.
const OF_SHELLS = ["_", "SHLVL", "PWD", "OLDPWD"];
function variables(stdout: string): Record<string, string> {
  const pairs = stdout.split("\0").filter(Boolean);
  const split = pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]);
  return Object.fromEntries(split.filter(([name = ""]) => !OF_SHELLS.includes(name)));
}

describe.each([
  ["on this machine's files", enterText()],
  ["on an image's own files", becomeText()],
])("a program %s", (_what, script) => {
  test("has its own environment and nothing of what set it up", () => {
    const env = {
      PATH: "/usr/bin:/bin",
      IFS: "x",
      CONIFER_MINE: "1",
      TEXT: "a\n'$(id)' \\",
      BIG: "x".repeat(97_000),
    };
    const { status, stdout } = run(script, "/", env, ["/usr/bin/env", "-0"]);
    expect([status, variables(stdout)]).toEqual([0, env]);
  });

  test("has an environment over many carriers whole", () => {
    const env = Object.fromEntries(Array.from({ length: 24 }, (_, n) => [`BIG_${n}`, "y".repeat(9_000)]));
    expect(variables(run(script, "/", env, ["/usr/bin/env", "-0"]).stdout)).toEqual(env);
  });

  test("gets its arguments as they are, and its status is the program's", () => {
    const argv = [
      "/bin/sh",
      "-c",
      'printf "%s|" "$@"; echo told >&2; exit 7',
      "sh",
      "-x",
      "a  b",
      "",
      "$HOME",
      "*",
    ];
    expect(run(script, "/", {}, argv)).toEqual({ status: 7, stdout: "-x|a  b||$HOME|*|", stderr: "told\n" });
  });

  test("that is not there ends with 127", () => {
    expect(run(script, "/", { PATH: "/usr/bin:/bin" }, ["no-such-program"]).status).toBe(127);
  });
});

describe("a program that enters", () => {
  test("starts in its folder, in a session of its own, without core files", () => {
    const line = 'pwd; ulimit -c; read -r pid _ _ _ _ session _ </proc/self/stat; echo "$((session == $$))"';
    const { stdout } = run(enterText(), "/usr", { PATH: "/usr/bin:/bin" }, ["/bin/sh", "-c", line]);
    expect(stdout).toBe("/usr\n0\n1\n");
  });

  test("does not start anywhere else when its folder is not there", () => {
    const { status, stdout } = run(enterText(), "/no/such/folder", {}, ["/bin/echo", "ran"]);
    expect([status, stdout]).toEqual([126, ""]);
  });
});
