import { spawnSync } from "node:child_process";
import { chmod, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LaunchContribution, NO_CONTRIBUTION, readContribution } from "./launch-contribution.ts";
import type { LaunchProcess } from "./launch-metadata.ts";
import { makeLaunchScript } from "./launch-script.ts";

const SHELLS = ["/usr/bin/dash", "/usr/bin/bash"];

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "launch-"));
  await mkdir(join(root, "app/sub"), { recursive: true });
  await mkdir(join(root, "process"));
  await mkdir(join(root, "layers/config/launch/process"), { recursive: true });
  await copyFile(join(import.meta.dirname, "launcher.sh"), join(root, "launcher"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const process1 = (more: Partial<LaunchProcess>): LaunchProcess => ({
  type: "web",
  command: ["printf", "<%s>"],
  args: [],
  direct: true,
  replaceArgs: true,
  workingDir: "",
  execEnv: [],
  buildpackId: "test/a",
  ...more,
});

/** Writes what an exporter would have written for these processes and layers. */
async function install(
  processes: readonly LaunchProcess[],
  contributions: readonly (readonly LaunchContribution[])[] = [],
): Promise<void> {
  const launch = join(root, "layers/config/launch");
  await writeFile(join(launch, "command.sh"), makeLaunchScript(contributions, undefined));
  for (const process of processes) {
    await writeFile(join(launch, "process", `${process.type}.sh`), makeLaunchScript(contributions, process));
    await symlink(join(root, "launcher"), join(root, "process", process.type));
  }
}

async function write(path: string, text: string): Promise<void> {
  const file = join(root, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  if (text.startsWith("#!")) await chmod(file, 0o755);
}

interface Launch {
  readonly program?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

function launch(shell: string, { program = "launcher", args = [], env = {} }: Launch) {
  const done = spawnSync(shell, [join(root, program), ...args], {
    env: {
      PATH: "/cnb/process:/usr/bin:/bin",
      CNB_APP_DIR: join(root, "app"),
      CNB_LAYERS_DIR: join(root, "layers"),
      ...env,
    },
    encoding: "utf8",
    // Debian's bash takes a socket as standard input for a remote login and reads .bashrc.
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

describe.each(SHELLS)("the launcher under %s", (shell) => {
  const out = (call: Launch) => {
    const { code, out: text, err } = launch(shell, call);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    return text;
  };

  describe("what to run", () => {
    const odd = ["a b", "$HOME", "it's", 'say "hi"', "", "*", "back\\slash", "two\nlines"];
    const shown = odd.map((word) => `<${word}>`).join("");

    it("runs a process type by its link, with default or given arguments", async () => {
      await install([process1({ args: ["one", "two"] })]);
      expect(out({ program: "process/web" })).toBe("<one><two>");
      expect(out({ program: "process/web", args: odd })).toBe(shown);
    });

    it("appends given arguments for processes of older buildpacks", async () => {
      await install([process1({ args: ["one"], replaceArgs: false })]);
      expect(out({ program: "process/web", args: ["two"] })).toBe("<one><two>");
    });

    it("runs a process type named by a single word", async () => {
      await install([process1({ args: ["page"] })]);
      expect(out({ args: ["web"] })).toBe("<page>");
    });

    it("passes arguments of a command on unchanged, with and without --", async () => {
      await install([]);
      expect(out({ args: ["printf", "<%s>", ...odd] })).toBe(shown);
      expect(out({ args: ["--", "printf", "<%s>", ...odd] })).toBe(shown);
    });

    it("runs a command line in one argument by a shell", async () => {
      await install([process1({})]);
      expect(out({ args: ["x=1; echo web $x && echo $((x + 1))"] })).toBe("web 1\n2\n");
      expect(out({ args: ["pwd"] })).toBe(`${join(root, "app")}\n`);
    });

    it("keeps a command's exit status", async () => {
      await install([]);
      expect(launch(shell, { args: ["exit 7"] }).code).toBe(7);
      expect(launch(shell, { args: ["sh", "-c", "exit 8"] }).code).toBe(8);
    });

    it("changes to the process's working directory", async () => {
      const workingDir = join(root, "app/sub");
      await install([process1({ command: ["pwd"], workingDir })]);
      expect(out({ program: "process/web" })).toBe(`${workingDir}\n`);
    });

    it("expands variables in the command of a process that is run by a shell", async () => {
      const legacy = { direct: false, replaceArgs: false, command: ["printf"], args: ["<%s>", "$PORT x"] };
      const line = { type: "line", direct: false, replaceArgs: false, command: ["echo $PORT | tr 5 6"] };
      await install([process1(legacy), process1(line)]);
      expect(out({ program: "process/web", env: { PORT: "5000" } })).toBe("<5000 x>");
      expect(out({ program: "process/line", env: { PORT: "5000" } })).toBe("6000\n");
    });
  });

  describe("the environment", () => {
    const operation = (
      name: string,
      action: "append" | "default" | "override" | "prepend",
      value: string,
    ) => ({
      ...{ name, action, value },
      delimiter: ":",
    });

    it("applies each kind of change, earlier layers first", async () => {
      const env = {
        "": [
          operation("APPENDED", "append", "b"),
          operation("PREPENDED", "prepend", "a"),
          operation("SET", "override", "new 'quoted' $value"),
          operation("KEPT", "default", "not this"),
          operation("DEFAULTED", "default", "this"),
        ],
      };
      await install([], [[{ ...NO_CONTRIBUTION, env }]]);
      const names = ["APPENDED", "PREPENDED", "SET", "KEPT", "DEFAULTED"];
      const text = out({
        args: ["--", "sh", "-c", `for n in ${names.join(" ")}; do eval echo "\\$n=\\$$n"; done`],
        env: { APPENDED: "a", PREPENDED: "b", SET: "old", KEPT: "mine" },
      });
      expect(text).toBe("APPENDED=a:b\nPREPENDED=a:b\nSET=new 'quoted' $value\nKEPT=mine\nDEFAULTED=this\n");
    });

    it("adds variables of the launched process only", async () => {
      const env = { "": [operation("A", "override", "all")], web: [operation("A", "override", "web")] };
      await install([process1({ command: ["sh", "-c", "echo $A"] })], [[{ ...NO_CONTRIBUTION, env }]]);
      expect(out({ program: "process/web" })).toBe("web\n");
      expect(out({ args: ["echo $A"] })).toBe("all\n");
    });

    it("puts layers on PATH, later buildpacks first, and takes its own variables away", async () => {
      for (const layer of ["one/x", "one/y", "two/z"])
        await mkdir(join(root, "layers", layer, "bin"), { recursive: true });
      const layer = (name: string) => readContribution(join(root, "layers", name));
      await install([], [[await layer("one/x"), await layer("one/y")], [await layer("two/z")]]);
      const bin = (name: string) => join(root, "layers", name, "bin");
      expect(out({ args: ["echo $PATH"] })).toBe(
        `${bin("two/z")}:${bin("one/x")}:${bin("one/y")}:/usr/bin:/bin\n`,
      );
      expect(out({ args: ["env | grep -c -e ^CNB_ -e ^_cnb || true"] })).toBe("0\n");
    });
  });

  describe("scripts", () => {
    it("sources profile scripts of layers and of the app before a shell command, not before a direct one", async () => {
      await write("layers/a/l/profile.d/it's.sh", "export FROM=layer; PLAIN=1\n");
      await write("layers/a/l/profile.d/web/only.sh", "export ONLY=web\n");
      await write("app/.profile", 'export FROM="$FROM app $PLAIN"\n');
      const contributions = [[await readContribution(join(root, "layers/a/l"))]];
      const shellProcess = { direct: false, replaceArgs: false, workingDir: join(root, "app/sub") };
      await install([process1({ ...shellProcess, command: ["echo $FROM $ONLY; pwd"] })], contributions);
      expect(out({ args: ["echo $FROM $ONLY"] })).toBe("layer app 1\n");
      expect(out({ args: ["printenv", "FROM"] })).toBe("layer app 1\n");
      expect(out({ program: "process/web" })).toBe(`layer app 1 web\n${join(root, "app/sub")}\n`);
      expect(launch(shell, { args: ["--", "printenv", "FROM"] }).code).toBe(1);
    });

    it("sets what exec.d programs write, and shows what they say", async () => {
      const toml = [
        "# comment",
        "",
        'COUNT = "4"',
        "RAW='a \\n b'",
        '  QUOTED =  "a \\"b\\" \\\\ \\t|"  ',
      ].join("\n");
      await write("layers/a/l/exec.d/10-vars", `#!/bin/sh\necho said\ncat >&3 <<'EOF'\n${toml}\nEOF\n`);
      await write("layers/a/l/exec.d/20-more", '#!/bin/sh\necho "NEXT = \\"$COUNT+1\\"" >&3\n');
      await install([], [[await readContribution(join(root, "layers/a/l"))]]);
      expect(out({ args: ['printf \'%s;\' "$COUNT" "$RAW" "$QUOTED" "$NEXT"'] })).toBe(
        'said\n4;a \\n b;a "b" \\ \t|;4+1;',
      );
    });

    const refused: readonly [string, string, RegExp][] = [
      ["a failing program", "exit 3", /10-vars failed with exit status 3/],
      ["a line that sets nothing", "echo nonsense >&3", /not NAME = "value"/],
      ["a number", "echo 'A = 1' >&3", /something other than a text for A/],
      ["a bad name", "echo '9a = \"x\"' >&3", /names a variable "9a"/],
      ["an unknown escape", "echo 'A = \"\\q\"' >&3", /an escape that TOML does not have for A/],
      ["an escape cut short", "echo 'A = \"\\u41\"' >&3", /an escape that TOML does not have|no character/],
      ["half a surrogate pair", "echo 'A = \"\\ud800\"' >&3", /stands for no character/],
      ["a zero byte", "echo 'A = \"\\u0000\"' >&3", /stands for no character/],
      ["a text without its end", "echo 'A = \"x' >&3", /without its end for A/],
      ["two texts", 'echo \'A = "x" "y"\' >&3', /something behind the text for A/],
      ["a text of several lines", `printf 'A = """x\\ny"""' >&3`, /several lines for A/],
    ];
    it.each(refused)("refuses an exec.d program with %s", async (_, body, message) => {
      await write("layers/a/l/exec.d/10-vars", `#!/bin/sh\n${body}\n`);
      await install([], [[await readContribution(join(root, "layers/a/l"))]]);
      const { code, err } = launch(shell, { args: ["true"] });
      expect({ code, err }).toMatchObject({ code: 82, err: expect.stringMatching(message) });
    });
  });

  const failures: readonly [string, Launch, number, RegExp][] = [
    ["no command", {}, 82, /name a process type or a command/],
    ["-- alone", { args: ["--"] }, 82, /a command must follow --/],
    [
      "a command that is not there",
      { args: ["--", "no-such-command"] },
      82,
      /no-such-command is not on PATH/,
    ],
    ["a file that is no program", { args: ["--", "/etc/passwd"] }, 82, /is not a program/],
    [
      "another Platform API",
      { args: ["true"], env: { CNB_PLATFORM_API: "0.3" } },
      11,
      /0\.3 is not supported/,
    ],
    [
      "another execution environment",
      { program: "process/web", env: { CNB_EXEC_ENV: "test" } },
      82,
      /not for the execution environment test/,
    ],
    [
      "a missing app folder",
      { args: ["true"], env: { CNB_APP_DIR: "/nowhere" } },
      82,
      /\/nowhere cannot be entered/,
    ],
  ];
  it.each(failures)("says what is wrong with %s", async (_, call, code, message) => {
    await install([process1({ execEnv: ["production"] })]);
    expect(launch(shell, call)).toMatchObject({ code, err: expect.stringMatching(message) });
  });
});
