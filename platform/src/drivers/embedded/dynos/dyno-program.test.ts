import { describe, expect, test } from "vitest";
import type { DynoSpec, InsideCommand } from "../../../runtime/dyno/index.ts";
import { type DynoImage, dynoEnvironment, dynoProgram, insideProgram } from "./dyno-program.ts";

const IMAGE: DynoImage = {
  lowerDirs: ["/layers/b", "/layers/a"],
  env: { PATH: "/image/bin", CNB: "1", SHARED: "image" },
  workingDir: "/workspace",
  processArgv: (type) => {
    if (type !== "web") throw new Error(`no process type ${type}`);
    return ["/cnb/process/web"];
  },
  programArgv: (argv) => argv,
  shellArgv: (line) => ["/bin/sh", "-c", line],
  giveBack: () => {},
};
const SPEC = {
  id: "d1",
  name: "web.1",
  type: "web",
  command: { kind: "process", type: "web" },
  displayCommand: "node .",
  env: { SHARED: "config", SECRET: "x" },
  limits: { memoryBytes: 512, cpuShare: 2, pids: 256 },
} as unknown as DynoSpec;
const RUN = { image: IMAGE, sandboxId: "d1-1", directory: "/dynos/d1-1", port: 5123 };

describe("the environment of a dyno", () => {
  test("config vars win over the image's variables, and those over the defaults", () => {
    const env = dynoEnvironment(SPEC, IMAGE, 5123);
    expect(env).toEqual({
      PATH: "/image/bin",
      HOME: "/home/dyno",
      LANG: "C.UTF-8",
      CNB: "1",
      SHARED: "config",
      SECRET: "x",
      PORT: "5123",
      DYNO: "web.1",
    });
  });

  test("PORT and DYNO are the host's, whatever the config vars say", () => {
    const env = dynoEnvironment(
      { name: "web.2", env: { PORT: "80", DYNO: "me", HOME: "/tmp" } },
      { env: {} },
      6000,
    );
    expect(env).toMatchObject({ PORT: "6000", DYNO: "web.2", HOME: "/tmp" });
    expect(env.PATH).toContain("/cnb/lifecycle");
  });
});

describe("the program of a dyno", () => {
  test("is its process type", () => {
    const program = dynoProgram({ spec: SPEC, ...RUN });
    expect(program).toMatchObject({
      argv: ["/cnb/process/web"],
      cwd: "/workspace",
      stdin: "none",
      network: "own",
      id: "d1-1",
    });
    expect(program.lowerDirs).toBe(IMAGE.lowerDirs);
    expect(program.terminal).toBeUndefined();
  });

  test("is a line for a shell", () => {
    const spec = { ...SPEC, command: { kind: "shell", line: "launcher ls; echo $?" } } as const;
    const terminal = { columns: 80, rows: 24 };
    const program = dynoProgram({ spec, ...RUN, attach: { terminal } });
    expect(program).toMatchObject({
      argv: ["/bin/sh", "-c", "launcher ls; echo $?"],
      stdin: "pipe",
      terminal,
    });
  });

  test("is ended by the kernel at twice its memory", () => {
    expect(dynoProgram({ spec: SPEC, ...RUN }).limits).toEqual({ memoryBytes: 1024, cpuShare: 2, pids: 256 });
  });

  test("has no secret in its arguments", () => {
    expect(JSON.stringify(dynoProgram({ spec: SPEC, ...RUN }).argv)).not.toContain("SECRET");
  });

  test("is what a container image names, with all of the image's files and none of this machine's", () => {
    const command = { kind: "program", argv: ["/server", "--fast"] } as const;
    const container = { user: { uid: 1001, gid: 0 } };
    const program = dynoProgram({ spec: { ...SPEC, command, container }, ...RUN });
    expect(program).toMatchObject({ argv: ["/server", "--fast"], lowerDirs: [], cwd: "/workspace" });
    expect(program.guest).toEqual({ lowerDirs: IMAGE.lowerDirs, user: { uid: 1001, gid: 0 } });
    const inside = insideProgram({ spec: { ...SPEC, container: {} }, ...RUN }, { line: "env", env: {} });
    expect(inside.guest).toEqual({ lowerDirs: IMAGE.lowerDirs });
    const env = dynoEnvironment({ name: "web.1", env: {}, container: {} }, { env: { HOME: "/srv" } }, 6000);
    expect(env).toMatchObject({ HOME: "/srv", PORT: "6000" });
    expect(env.PATH).not.toContain("/cnb");
    expect(env).not.toHaveProperty("LANG");
  });

  test("a type that the image has not is refused", () => {
    const spec = { ...SPEC, command: { kind: "process", type: "clock" } } as const;
    expect(() => dynoProgram({ spec, ...RUN })).toThrow("no process type clock");
  });
});

describe("a further program of a dyno", () => {
  const inside = (command: Partial<InsideCommand> = {}) =>
    insideProgram({ spec: SPEC, ...RUN }, { line: "env", env: {}, ...command });

  test("is a line of shell as the image runs one, where the dyno's process began", () => {
    expect(inside()).toMatchObject({ argv: ["/bin/sh", "-c", "env"], cwd: "/workspace" });
    expect(inside()).not.toHaveProperty("terminal");
  });

  test("has the dyno's environment, with its own above it", () => {
    expect(inside().env).toEqual(dynoEnvironment(SPEC, IMAGE, 5123));
    const env = { SHARED: "mine", TERM: "xterm" };
    expect(inside({ env }).env).toEqual({ ...dynoEnvironment(SPEC, IMAGE, 5123), ...env });
  });

  test("has a terminal of the client's size", () => {
    expect(inside({ terminal: { columns: 90, rows: 20 } }).terminal).toEqual({ columns: 90, rows: 20 });
  });
});

test("an image with a root of its own runs there, as its user and with that user's home", () => {
  const user = { uid: 1234, gid: 4321, home: "/home/web" };
  const { ownRoot, env } = dynoProgram({ spec: SPEC, ...RUN, image: { ...IMAGE, user } });
  expect(ownRoot).toEqual(user);
  expect(env.HOME).toBe("/home/web");
  expect(dynoProgram({ spec: SPEC, ...RUN }).ownRoot).toBeUndefined();
});
