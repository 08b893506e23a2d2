import { describe, expect, it } from "vitest";
import { mergeLaunch, metadataTable, readLaunch, readMetadata } from "./launch-metadata.ts";

const NEW = { id: "test/new", api: "0.12" };
const OLD = { id: "test/old", api: "0.8" };
const read = (processes: Record<string, unknown>[], buildpack = NEW) => readLaunch({ processes }, buildpack);

describe("launch.toml", () => {
  it("reads processes with lists of arguments that users may replace", () => {
    const [process] = read([
      { type: "web", command: ["a", "b"], args: ["c"], "working-dir": "/w" },
    ]).processes;
    expect(process).toMatchObject({
      command: ["a", "b"],
      args: ["c"],
      direct: true,
      replaceArgs: true,
      workingDir: "/w",
    });
  });

  it("reads processes of older buildpacks as commands for a shell", () => {
    const [web, direct] = read(
      [
        { type: "web", command: "a" },
        { type: "d", command: "b", direct: true },
      ],
      OLD,
    ).processes;
    expect(web).toMatchObject({ command: ["a"], direct: false, replaceArgs: false });
    expect(direct).toMatchObject({ direct: true, replaceArgs: false });
  });

  const refused: readonly [string, Record<string, unknown>[], RegExp][] = [
    [
      "a type twice",
      [
        { type: "a", command: ["x"] },
        { type: "a", command: ["y"] },
      ],
      /names the process type "a" twice/,
    ],
    [
      "two defaults",
      [
        { type: "a", command: ["x"], default: true },
        { type: "b", command: ["x"], default: true },
      ],
      /two process types as default/,
    ],
    ["a type with a slash", [{ type: "a/b", command: ["x"] }], /not "a\/b"/],
    ["a type that is a folder", [{ type: "..", command: ["x"] }], /not "\.\."/],
    ["no command", [{ type: "a", command: [] }], /"a" has no command/],
  ];
  it.each(refused)("refuses %s", (_, processes, message) => {
    expect(() => read(processes)).toThrow(message);
  });
});

describe("several buildpacks", () => {
  const web = (command: string, isDefault: boolean) =>
    read([{ type: "web", command: [command], ...(isDefault ? { default: true } : {}) }]);

  it("lets later processes and labels replace earlier ones", () => {
    const merged = mergeLaunch([
      { ...web("first", true), labels: { a: "1", b: "1" } },
      { ...web("second", true), labels: { b: "2" } },
    ]);
    expect(merged.processes.map(({ command }) => command[0])).toEqual(["second"]);
    expect(merged).toMatchObject({ defaultType: "web", labels: { a: "1", b: "2" } });
  });

  it("leaves no default when a later process of the type is none", () => {
    expect(mergeLaunch([web("first", true), web("second", false)]).defaultType).toBe("");
  });

  it("is read back as it was written", () => {
    const launch = mergeLaunch([
      readLaunch(
        {
          processes: [{ type: "web", command: ["a"], args: ["b"], default: true, "exec-env": ["test"] }],
          labels: [{ key: "k", value: "v" }],
          slices: [{ paths: ["x", "y"] }],
        },
        NEW,
      ),
    ]);
    const table = metadataTable(launch, [{ ...NEW, version: "1" }]);
    expect(readMetadata(JSON.parse(JSON.stringify(table)))).toEqual(launch);
  });
});
