import { describe, expect, it } from "vitest";
import {
  chooseCommands,
  commandProcesses,
  type GoCommand,
  readCommands,
  sharedNames,
  webCommand,
} from "./go-commands.ts";

const command = (importPath: string, module = "example.com/app"): GoCommand => ({
  ...{ importPath, module, name: importPath.split("/").at(-1) ?? "" },
});
const TOP = command("example.com/app");
const WEB = command("example.com/app/cmd/web");
const WORK = command("example.com/app/cmd/work");
const EXAMPLE = command("example.com/app/examples/hello");

describe("what go list tells", () => {
  it("is a command a line", () => {
    const output =
      "\nexample.com/app/v2\t/layers/bin/app\texample.com/app/v2\n\ncommand-line-arguments\t/layers/bin/x\t\n";
    expect(readCommands(output)).toEqual([
      { importPath: "example.com/app/v2", name: "app", module: "example.com/app/v2" },
      { importPath: "command-line-arguments", name: "x", module: "" },
    ]);
  });

  it("may be nothing", () => {
    expect(readCommands("go: warning\n\n")).toEqual([]);
  });
});

describe("what is built without a word of the app", () => {
  it.each<[string, readonly GoCommand[], readonly GoCommand[]]>([
    ["the top", [TOP, EXAMPLE], [TOP]],
    ["the cmd folder", [WEB, WORK, EXAMPLE], [WEB, WORK]],
    ["both", [TOP, WEB], [TOP, WEB]],
    ["all, where there are neither", [EXAMPLE], [EXAMPLE]],
    ["nothing of nothing", [], []],
    [
      "each module's own",
      [TOP, command("example.com/b/cmd/x", "example.com/b")],
      [TOP, command("example.com/b/cmd/x", "example.com/b")],
    ],
    ["not what only begins alike", [WEB, command("example.com/app/cmdline/x")], [WEB]],
  ])("is %s", (_name, all, expected) => {
    expect(chooseCommands(all)).toEqual(expected);
  });
});

describe("the web process", () => {
  it.each<[string, readonly GoCommand[], GoCommand | undefined]>([
    ["the only command", [WORK], WORK],
    ["the one called web", [TOP, WORK, WEB], WEB],
    ["the one at the top", [TOP, WORK], TOP],
    ["none of several", [WORK, EXAMPLE], undefined],
    ["none of several at tops", [TOP, command("example.com/b", "example.com/b"), WORK], undefined],
    ["none of none", [], undefined],
  ])("is %s", (_name, commands, expected) => {
    expect(webCommand(commands)).toEqual(expected);
  });
});

describe("processes", () => {
  const types = (commands: readonly GoCommand[], hasProcfile: boolean) =>
    commandProcesses(commands, hasProcfile).map(({ type, command: [program], default: first }) => [
      type,
      program,
      first,
    ]);

  it("are web and each other command", () => {
    expect(types([WORK, WEB, command("example.com/app/cmd/a.b")], false)).toEqual([
      ["web", "web", true],
      ["work", "work", false],
    ]);
    expect(types([TOP, WORK], false)).toEqual([
      ["web", "app", true],
      ["work", "work", false],
    ]);
  });

  it("are only web beside a Procfile", () => {
    expect(types([WORK, WEB], true)).toEqual([["web", "web", true]]);
    expect(types([WORK, EXAMPLE], true)).toEqual([]);
  });
});

it("names that two commands share are found once", () => {
  expect(sharedNames([WEB, WORK, command("b/web"), command("c/web")])).toEqual(["web"]);
  expect(sharedNames([WEB, WORK])).toEqual([]);
});
