import { describe, expect, it } from "vitest";
import type { BuildResult } from "../../../delivery/build/index.ts";
import type { JoinedImages } from "../../../delivery/image/index.ts";
import { buildingTold, joinedTold, otherArchitectures, resultFor } from "./platform-plan.ts";
import type { Architecture } from "./project-descriptor.ts";

describe("what a build is for", () => {
  it.each<[string, Architecture[] | undefined, Architecture[] | undefined, Architecture, Architecture[]]>([
    ["is its engine's own processors where nobody says", undefined, undefined, "amd64", []],
    ["is what the operator says", undefined, ["amd64", "arm64"], "amd64", ["arm64"]],
    ["is what the source says before the operator", ["amd64"], ["amd64", "arm64"], "amd64", []],
    ["is the same on a machine of the other kind", ["amd64", "arm64"], undefined, "arm64", ["amd64"]],
    ["is the operator's other one beside the engine's own", undefined, ["arm64"], "amd64", ["arm64"]],
  ])("%s", (_, wanted, usual, own, others) => {
    expect(otherArchitectures(wanted, usual, own)).toEqual(others);
  });

  it("is refused where no dyno of it could run here", () => {
    expect(() => otherArchitectures(["arm64"], undefined, "amd64")).toThrow(
      'project.toml has architectures without amd64, which Conifer runs on here. Write architectures = ["amd64", "arm64"].',
    );
  });
});

describe("a build for several kinds of processors", () => {
  it("says which it is at, and what was made", () => {
    expect(buildingTold("amd64", "native")).toBe("-----> Building for amd64");
    expect(buildingTold("arm64", "emulated")).toBe(
      "-----> Building for arm64 (emulated, which takes longer)",
    );
    const platforms = [{ architecture: "amd64" }, { architecture: "arm64" }];
    const joined = { info: { platforms }, shared: { layers: 3, bytes: 1_250_000 }, layers: 5 };
    expect(joinedTold(joined as unknown as JoinedImages)).toBe(
      "-----> Made an image for amd64 and arm64: 3 of 5 layers are the same for both, 1.3 MB stored once",
    );
  });

  it.each<[BuildResult, BuildResult]>([
    [
      { kind: "failed", message: "No room.", exitCode: 51 },
      { kind: "failed", message: "The build for arm64 failed. No room.", exitCode: 51 },
    ],
    [
      { kind: "lost", message: "It was away." },
      { kind: "lost", message: "The build for arm64 failed. It was away." },
    ],
    [{ kind: "cancelled" }, { kind: "cancelled" }],
  ])("names the one that did not end well: %o", (result, named) => {
    expect(resultFor("arm64", result)).toEqual(named);
  });
});
