import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isAtLeast, requireBuildpackApi, requirePlatformApi } from "./api-versions.ts";
import { type InputName, isPhaseName, type PhaseName, readInputs } from "./phase-inputs.ts";

describe("a phase's inputs", () => {
  const cases: readonly [string, PhaseName, string[], Record<string, string>, InputName, string][] = [
    ["a default", "builder", [], {}, "app", "/workspace"],
    ["a default below the layers", "builder", ["-layers", "/l"], {}, "group", "/l/group.toml"],
    ["layers from the environment", "builder", [], { CNB_LAYERS_DIR: "/l" }, "plan", "/l/plan.toml"],
    ["the environment", "builder", [], { CNB_APP_DIR: "/app" }, "app", "/app"],
    [
      "the command line before the environment",
      "builder",
      ["-app", "/a"],
      { CNB_APP_DIR: "/b" },
      "app",
      "/a",
    ],
    ["a value behind =", "builder", ["-app=/a=b"], {}, "app", "/a=b"],
    ["two dashes", "builder", ["--app", "/a"], {}, "app", "/a"],
    ["the last of two", "builder", ["-app", "/a", "-app", "/b"], {}, "app", "/b"],
    ["nothing where there is no default", "creator", [], {}, "cache-dir", ""],
    ["an empty variable as none", "builder", [], { CNB_APP_DIR: "" }, "app", "/workspace"],
    ["the common order", "detector", [], {}, "order", "/cnb/order.toml"],
  ];
  it.each(cases)("takes %s", (_, phase, argv, env, name, expected) => {
    expect(readInputs(phase, argv, env).text(name)).toBe(expected);
  });

  it("takes flags, lists and images", () => {
    const argv = ["-layout", "-tag", "r/a:1", "-tag=r/a:2", "-skip-restore=false", "r/a:new", "-uid", "1000"];
    const inputs = readInputs("creator", argv, { CNB_USE_DAEMON: "true" });
    expect(inputs.flag("layout")).toBe(true);
    expect(inputs.flag("daemon")).toBe(true);
    expect(inputs.flag("skip-restore")).toBe(false);
    expect(inputs.list("tag")).toEqual(["r/a:1", "r/a:2"]);
    expect(inputs.images).toEqual(["r/a:new"]);
    expect(inputs.execEnv).toBe("production");
  });

  it("prefers an order in the layers folder", async () => {
    const layers = await mkdtemp(join(tmpdir(), "inputs-"));
    await writeFile(join(layers, "order.toml"), "");
    expect(readInputs("detector", ["-layers", layers], {}).text("order")).toBe(join(layers, "order.toml"));
    await rm(layers, { recursive: true });
  });

  const refused: readonly [string, PhaseName, string[], Record<string, string>, RegExp][] = [
    ["a flag of another phase", "builder", ["-cache-dir", "/c"], {}, /builder has no flag -cache-dir/],
    ["a flag nobody has", "creator", ["-nonsense"], {}, /no flag -nonsense/],
    ["a flag that is misspelled", "creator", ["-Layers", "/l"], {}, /creator has no flag -Layers/],
    ["a dash alone", "creator", ["-"], {}, /no flag -/],
    ["a flag without its value", "builder", ["-app"], {}, /-app needs a value/],
    ["an execution environment with a slash", "builder", [], { CNB_EXEC_ENV: "a/b" }, /must not hold/],
  ];
  it.each(refused)("refuses %s", (_, phase, argv, env, message) => {
    expect(() => readInputs(phase, argv, env)).toThrow(message);
  });
});

it("takes numbers for users and groups, and nothing that only looks like one", () => {
  const number = (value: string) => readInputs("exporter", [`-uid=${value}`], {}).number("uid");
  expect([number("0"), number("1000"), number("4294967295")]).toEqual([0, 1000, 4_294_967_295]);
  for (const value of ["", " 1", "1.5", "-1", "0x10", "1e3", "root", "99999999999"])
    expect(() => number(value), value).toThrow(/^-uid is a whole number, not/);
  expect(readInputs("exporter", [], { CNB_GROUP_ID: "7" }).number("gid")).toBe(7);
});

it("takes what follows two dashes as images", () => {
  expect(readInputs("exporter", ["-layout", "--", "-odd", "b"], {}).images).toEqual(["-odd", "b"]);
});

it("reads a flag's value as the specification's tools write it", () => {
  const flag = (value: string) => readInputs("creator", [], { CNB_USE_LAYOUT: value }).flag("layout");
  expect(["1", "t", "T", "TRUE", "true", "True"].map(flag)).toEqual(Array(6).fill(true));
  expect(["0", "f", "false", "no", "", "yes", "truely"].map(flag)).toEqual(Array(7).fill(false));
});

describe("versions", () => {
  it("speaks Platform API 0.12 to 0.15, the newest when nothing is asked", () => {
    expect([undefined, "", "0.12", "0.15"].map(requirePlatformApi)).toEqual(["0.15", "0.15", "0.12", "0.15"]);
    for (const version of ["0.11", "0.16", "1", "x"])
      expect(() => requirePlatformApi(version)).toThrow(expect.objectContaining({ exitCode: 11 }));
  });

  it("speaks Buildpack API 0.7 to 0.12", () => {
    for (const version of ["0.7", "0.12"]) requireBuildpackApi("a", version);
    for (const version of ["0.6", "0.13", ""])
      expect(() => requireBuildpackApi("a", version)).toThrow(expect.objectContaining({ exitCode: 12 }));
  });

  it("compares by number, not by text", () => {
    expect([isAtLeast("0.10", "0.9"), isAtLeast("0.9", "0.10"), isAtLeast("1", "0.12")]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it("knows its phases", () => {
    expect(["creator", "extender", "toString"].map(isPhaseName)).toEqual([true, false, false]);
  });
});
