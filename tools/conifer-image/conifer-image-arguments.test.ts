import { describe, expect, it } from "vitest";
import { readConiferImageArguments, USAGE } from "./conifer-image-arguments.ts";
import { ARCHITECTURES, hostArchitecture } from "./conifer-packages.ts";

const read = (line: string) => readConiferImageArguments(line.split(" ").filter((word) => word !== ""));
const make = (architectures: readonly string[], json = false) => ({ verb: "make", architectures, json });

describe("the command line of npm run image", () => {
  it.each([
    ["", make(ARCHITECTURES)],
    ["--json", make(ARCHITECTURES, true)],
    ["--arch host", make([hostArchitecture()])],
    ["--arch=arm64 --json", make(["arm64"], true)],
    ["--arch arm64,amd64", make(["amd64", "arm64"])],
    ["--arch amd64,amd64", make(["amd64"])],
    ["--help", { verb: "help" }],
    ["--json -h", { verb: "help" }],
  ])("%j", (line, wanted) => expect(read(line)).toEqual(wanted));

  it.each([
    ["--arch", /--arch takes amd64,arm64 or host; not ""/],
    ["--arch=", /not ""/],
    ["--arch riscv64", /not "riscv64"/],
    ["--arch amd64,", /not ""/],
    ["--arm64", /no option --arm64/],
    ["bake", /no command bake/],
  ])("refuses %j", (line, wanted) => {
    expect(() => read(line)).toThrow(wanted);
    expect(() => read(line)).toThrow(expect.objectContaining({ failure: "usage" }));
  });

  it("has help that fits a terminal of 120 columns", () => {
    for (const line of USAGE.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
  });
});
