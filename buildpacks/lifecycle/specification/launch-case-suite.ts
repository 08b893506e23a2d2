import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import {
  ALL_PHASES,
  type LifecycleCase,
  launchToml,
  layer,
  program,
  put,
  scene,
  type TestedLifecycle,
  type Workbench,
} from "./lifecycle-case-fixtures.ts";

const SHOW = 'for a; do printf "<%s>" "$a"; done; echo; pwd -P; echo "pid=$$"; env';

/** A process as launch.toml has it; `command` is written as it is. */
const process1 = (type: string, command: string, more = "") =>
  launchToml(`[[processes]]\ntype = "${type}"\ncommand = ${command}\n${more}`);
/** Runs the program that shows what it was given. */
const showing = (type: string, more = "") => process1(type, '["show", "always"]', more);

/** A program or script that puts its name at the end of a variable. */
const trailing = (path: string) => program(path, 'echo "TRAIL = \\"$TRAIL,$(basename "$0")\\"" >&3');
const sourced = (path: string) => put(path, `export PROFILE="$PROFILE,${path.split("/").at(-1)}"\n`);

const variables = (owner: string, name: string) =>
  (["env", "env.launch", "env.launch/web"] as const).flatMap((folder, i) => {
    const value = `${owner}${name}${i + 1}`;
    const file = (suffix: string) => put(`${name}/${folder}/${suffix}`, value);
    return [
      ...[file("APPENDED.append"), file("DEFAULTED.default"), file("SET"), file("PREPENDED.prepend")],
      ...[file("JOINED.append"), put(`${name}/${folder}/LITERAL`, "$HOME `id`  ")],
      ...(i === 0 ? [put(`${name}/env/JOINED.delim`, name === "l" ? ":" : "+")] : []),
    ];
  });

/** An image with processes of every kind, of a new and of an old buildpack, put where its launcher finds it. */
const launched = scene(async (lifecycle) => {
  const bench = await lifecycle.bench();
  await bench.addBuildpacks(
    {
      id: "t/a",
      build: [
        ...[layer("l", "launch"), layer("m", "launch"), layer("b", "build"), layer("x", "launch")],
        ...[...variables("a", "l"), ...variables("a", "m")],
        program("x/bin/show", SHOW),
        ...["l/bin/x", "l/lib/x", "m/bin/x", "b/bin/x", "l/include/x"].map((path) => put(path, "")),
        ...["m/exec.d/10-m", "l/exec.d/20-l", "l/exec.d/10-l", "l/exec.d/web/10-web"].map(trailing),
        put("l/env/BPL_MINE.default", "theirs"),
        ...[
          showing("web", 'args = ["default", "words"]\ndefault = true'),
          showing("elsewhere", 'working-dir = "/usr"'),
          showing("tests", 'exec-env = ["test", "development"]'),
          showing("any", 'exec-env = ["*"]'),
          process1("leaves", '["sh", "-c", "exit 7"]'),
        ],
      ].join("\n"),
    },
    {
      ...{ id: "t/old", api: "0.8" },
      build: [
        ...[layer("o", "launch"), ...variables("b", "o"), put("o/bin/x", "")],
        ...["o/exec.d/05-o", "o/exec.d/web/05-oweb"].map(trailing),
        ...["o/profile.d/b.sh", "o/profile.d/a.sh", "o/profile.d/shell/c.sh"].map(sourced),
        process1("direct", '"show"', 'args = ["default"]\ndirect = true'),
        process1("shell", '"show"', 'args = ["default"]'),
        process1("line", '"echo $((1 + 1)) $PROFILE"'),
      ].join("\n"),
    },
  );
  await bench.setOrder(["t/a", "t/old"]);
  await bench.writeFiles({ "app/.profile": 'export PROFILE="$PROFILE,.profile"\n' });
  await bench.phases(ALL_PHASES);
  await bench.install();
  return bench;
});

/** What the program that shows what it was given says. */
async function shown(bench: Workbench, ...call: Parameters<Workbench["launch"]>) {
  const { code, out, err } = await bench.launch(...call);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  const [words = "", directory = "", ...lines] = out.split("\n");
  const env = Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)));
  return { words, directory, env: env as Record<string, string> };
}

const processes: readonly LifecycleCase[] = [
  {
    meets: ["launcher/type", "launcher/replace"],
    run: async (lifecycle) => {
      const bench = await launched(lifecycle);
      expect((await shown(bench, "web")).words).toBe("<always><default><words>");
      expect((await shown(bench, "web", ["a b", "$HOME"])).words).toBe("<always><a b><$HOME>");
    },
  },
  {
    meets: ["launcher/append"],
    run: async (lifecycle) => {
      const bench = await launched(lifecycle);
      expect((await shown(bench, "direct", ["more"])).words).toBe("<default><more>");
      const shell = await shown(bench, "shell", ["more"]);
      expect(shell.words).toBe("<default><more>");
      expect(shell.env.PROFILE).toContain("a.sh");
      expect((await shown(bench, "direct")).env.PROFILE).toBeUndefined();
    },
  },
  {
    meets: ["launcher/directory"],
    run: async (lifecycle) => {
      const bench = await launched(lifecycle);
      expect((await shown(bench, "elsewhere")).directory).toBe("/usr");
      expect((await shown(bench, "web")).directory).toBe(bench.app);
      expect((await bench.launch("", ["--", "pwd"])).out).toBe(`${bench.app}\n`);
    },
  },
  {
    meets: ["launcher/eligible", "launcher/not-eligible"],
    run: async (lifecycle) => {
      const bench = await launched(lifecycle);
      const code = async (type: string, env: string) =>
        (await bench.launch(type, [], { CNB_EXEC_ENV: env })).code;
      expect(await code("tests", "test")).toBe(0);
      expect(await code("tests", "production")).not.toBe(0);
      expect((await bench.launch("tests")).code).not.toBe(0);
      expect(await code("any", "test")).toBe(0);
      expect(await code("web", "test")).toBe(0);
    },
  },
  {
    meets: ["launcher/direct"],
    run: async (lifecycle) => {
      const bench = await launched(lifecycle);
      const direct = await shown(bench, "", ["--", "show", "a b", "$HOME", "web"]);
      expect(direct.words).toBe("<a b><$HOME><web>");
      expect(direct.env.PROFILE).toBeUndefined();
    },
  },
  {
    meets: ["launcher/shell"],
    run: async (lifecycle) => {
      const bench = await launched(lifecycle);
      const shell = await shown(bench, "", ["show", "a b"]);
      expect(shell.words).toBe("<a b>");
      expect(shell.env.PROFILE).toContain(".profile");
      expect((await bench.launch("", ["echo $((1 + 1))"])).out).toBe("2\n");
    },
  },
];

const execution: readonly LifecycleCase[] = [
  {
    meets: ["launcher/exec-d", "launcher/exec-d-type", "interface/exec-d", "exec-d/values"],
    run: async (lifecycle) => {
      const bench = await launched(lifecycle);
      expect((await shown(bench, "web")).env.TRAIL).toBe(",10-l,20-l,10-m,05-o,10-web,05-oweb");
      expect((await shown(bench, "any")).env.TRAIL).toBe(",10-l,20-l,10-m,05-o");
    },
  },
  {
    meets: ["exec-d/keys"],
    run: async (lifecycle) => {
      const ends = async (says: string) => (await withExecD(lifecycle, `echo '${says}' >&3`)).code;
      expect(await ends('A_1 = "x"')).toBe(0);
      expect(await ends("A = 1")).not.toBe(0);
      expect(await ends("not toml")).not.toBe(0);
    },
  },
  {
    meets: ["launcher/profile"],
    run: async (lifecycle) => {
      const bench = await launched(lifecycle);
      expect((await shown(bench, "shell")).env.PROFILE).toBe(",a.sh,b.sh,c.sh,.profile");
      expect((await bench.launch("line")).out).toBe("2 ,a.sh,b.sh,.profile\n");
    },
  },
  {
    meets: ["launcher/in-place"],
    run: async (lifecycle) => {
      const bench = await launched(lifecycle);
      const file = join(bench.root, "starts");
      const link = join(bench.root, "installed/process");
      await writeFile(file, `#!/bin/sh\necho "started=$$"\nexec "$@"\n`, { mode: 0o755 });
      for (const type of ["web", "shell"]) {
        // One process starts the launcher in its place, and the launcher its own process in the same.
        const { out } = await bench.launchBy(file, [join(link, type)]);
        const [, started, pid] = /started=(\d+)[\s\S]*pid=(\d+)/.exec(out) ?? [];
        expect({ type, pid }).toEqual({ type, pid: started });
      }
    },
  },
  {
    meets: ["launcher/codes"],
    run: async (lifecycle) => {
      const bench = await launched(lifecycle);
      expect((await bench.launch("leaves")).code).toBe(7);
      expect((await bench.launch("", ["exit 9"])).code).toBe(9);
      expect(Math.floor((await bench.launch("tests")).code / 10)).toBe(8);
      expect(Math.floor((await bench.launch("", ["--", "no-such-program"])).code / 10)).toBe(8);
      expect((await bench.launch("web", [], { CNB_PLATFORM_API: "0.3" })).code).toBe(11);
    },
  },
];

/** Launches an image with one exec.d program. */
async function withExecD(lifecycle: TestedLifecycle, text: string) {
  const bench = await lifecycle.bench();
  const web = process1("web", '["true"]');
  await bench.addBuildpacks({
    id: "t/a",
    build: [layer("l", "launch"), program("l/exec.d/x", text), web].join("\n"),
  });
  await bench.setOrder(["t/a"]);
  await bench.phases(["creator"]);
  await bench.install();
  return bench.launch("web");
}

/** The environment of a process that is started with variables of the user. */
const environment = scene(async (lifecycle) => {
  const bench = await launched(lifecycle);
  const given = {
    PATH: "/cnb/process:/usr/bin:/bin",
    BPL_MINE: "mine",
    HOME: "/tmp",
    USERS: "own",
    LD_LIBRARY_PATH: "/lib1",
  };
  const all = { ...given, CNB_PROCESS_TYPE: "web" };
  return {
    bench,
    web: (await shown(bench, "web", [], all)).env,
    any: (await shown(bench, "any", [], all)).env,
  };
});

const environments: readonly LifecycleCase[] = [
  {
    meets: ["launch-environment/inherit", "launcher/env"],
    run: async (lifecycle) => {
      const { web } = await environment(lifecycle);
      expect(web).toMatchObject({ BASE: "kept", USERS: "own", HOME: "/tmp", BPL_MINE: "mine", SET: "bo3" });
    },
  },
  {
    meets: ["launch-environment/own"],
    run: async (lifecycle) => {
      const { web } = await environment(lifecycle);
      expect(Object.keys(web).filter((name) => name.startsWith("CNB_") && name !== "CNB_EXEC_ENV")).toEqual(
        [],
      );
    },
  },
  {
    meets: ["launch-environment/path", "paths/launch"],
    run: async (lifecycle) => {
      const { web, bench } = await environment(lifecycle);
      const at = (path: string) => join(bench.layers, path);
      const bins = ["t_old/o/bin", "t_a/l/bin", "t_a/m/bin", "t_a/x/bin"].map(at);
      expect(web.PATH).toBe(`${bins.join(":")}:/usr/bin:/bin`);
      expect(web.LD_LIBRARY_PATH).toBe(`${at("t_a/l/lib")}:/lib1`);
      expect(web.CPATH).toBeUndefined();
    },
  },
  {
    meets: ["rules/launch"],
    run: async (lifecycle) => {
      const { web, any } = await environment(lifecycle);
      expect(web).toMatchObject({
        APPENDED: "al1al2al3am1am2am3bo1bo2bo3",
        PREPENDED: "bo3bo2bo1am3am2am1al3al2al1",
        ...{ SET: "bo3", DEFAULTED: "al1", JOINED: "al1:al2:al3+am1+am2+am3+bo1+bo2+bo3" },
        LITERAL: "$HOME `id`  ",
      });
      expect(any).toMatchObject({ APPENDED: "al1al2am1am2bo1bo2", SET: "bo2" });
    },
  },
];

export const launchCases: readonly LifecycleCase[] = [...processes, ...execution, ...environments];
