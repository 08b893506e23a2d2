import { describe, expect, test } from "vitest";
import type { BaseFacts, ImageInfo } from "../image/index.ts";
import { imageInfo } from "../release/release-fixtures.ts";
import { changeOf } from "./change-pass.ts";
import {
  buildFor,
  describeRebase,
  isBehind,
  joinBuilds,
  type PassStatus,
  type RunImageBuild,
  whySkipped,
} from "./rebasing.ts";
import { groupBases } from "./show-rebase.ts";

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const target: RunImageBuild = {
  ...{ name: "conifer/run:debian-12", digest: digest("b"), topLayer: digest("2") },
  architecture: "amd64",
};
const forArm: RunImageBuild = {
  ...{ name: target.name, digest: digest("e"), topLayer: digest("5") },
  architecture: "arm64",
};
const on = (parts: Partial<BaseFacts>): BaseFacts => ({
  name: target.name,
  topLayer: target.topLayer,
  ...parts,
});

describe("an app's image", () => {
  test.each<[string, BaseFacts, boolean]>([
    ["on an older build", on({ topLayer: digest("1"), digest: digest("a") }), true],
    ["on an older build that its label does not name", on({ topLayer: digest("1") }), true],
    ["on a build that differs below its highest layer", on({ digest: digest("a") }), true],
    ["on this build", on({ digest: digest("b") }), false],
    ["on this build, by its highest layer alone", on({}), false],
    ["on another run image", on({ name: "heroku/heroku:24", topLayer: digest("1") }), false],
    [
      "on the machine's own base, which has no layers",
      on({ name: "conifer/host-base:debian-12", topLayer: "" }),
      false,
    ],
    ["of that name without layers", on({ topLayer: "" }), false],
    ["of a container", { name: "", topLayer: "" }, false],
  ])("%s: to be rebased is %s", (_name, base, wanted) => {
    expect(isBehind({ base, architecture: "amd64" }, target)).toBe(wanted);
    const info: ImageInfo = { ...imageInfo({ web: "serve" }), runImage: base };
    expect(whySkipped(info, target) === undefined).toBe(wanted);
  });

  test.each([
    [null, "it has no code"],
    [on({}), "its image stands on this build already"],
    [on({ name: "other/run", topLayer: digest("1") }), "its image stands on other/run by now"],
    [{ name: "", topLayer: "" }, "its image does not stand on a run image"],
  ])("that is left as it is: %j", (base, why) => {
    expect(whySkipped(base && { ...imageInfo({}), runImage: base }, target)).toBe(why);
  });

  test("that is for several processors is rebased when the run image is there for each", () => {
    const platforms = (["amd64", "arm64"] as const).map((architecture) => ({
      ...{ architecture, digest: digest("c") },
    }));
    const info = { ...imageInfo({}), runImage: on({ topLayer: digest("a") }), platforms };
    expect(whySkipped(info, target)).toBe("conifer/run:debian-12 is not at hand for arm64");
    expect(whySkipped(info, joinBuilds(target, forArm))).toBeUndefined();
    expect(whySkipped({ ...info, runImage: on({}) }, joinBuilds(target, forArm))).toBe(
      "its image stands on this build already",
    );
  });

  test("is held against the run image for its processors", () => {
    const base = { name: target.name, topLayer: forArm.topLayer };
    const joined = joinBuilds(target, forArm);
    expect(isBehind({ base, architecture: "arm64" }, joined)).toBe(false);
    expect(isBehind({ base, architecture: "amd64" }, joined)).toBe(true);
    expect(isBehind({ base: on({ topLayer: digest("1") }), architecture: "arm64" }, target)).toBe(false);
    const info: ImageInfo = {
      ...imageInfo({}),
      architecture: "arm64",
      runImage: on({ topLayer: digest("1") }),
    };
    expect(whySkipped(info, target)).toBe("conifer/run:debian-12 is not at hand for arm64");
  });

  test("is for whatever a pass on record from before processors were told stands for", () => {
    const { architecture: _, ...older } = target;
    expect(buildFor(older, "arm64")).toBe(older);
    expect(isBehind({ base: on({ topLayer: digest("1") }), architecture: "arm64" }, older)).toBe(true);
  });

  test("gives its release a description that names the build", () => {
    expect(describeRebase(target)).toBe(`Rebase onto ${"b".repeat(12)}`);
  });
});

describe("builds of a run image", () => {
  test("are joined by their processors: the first of each kind counts", () => {
    const older = { ...forArm, digest: digest("d") };
    const joined = joinBuilds(target, forArm, older, { ...target, digest: digest("f") });
    const { name: _, ...other } = forArm;
    expect(joined).toEqual({ ...target, others: [other] });
    expect(joinBuilds(forArm, joined).others?.map(({ digest: one }) => one)).toEqual([target.digest]);
    expect(joinBuilds(target)).toEqual(target);
  });
});

describe("what apps stand on", () => {
  test("is grouped by build, with what is newer", () => {
    const bases = [
      on({ topLayer: digest("1") }),
      on({ topLayer: digest("1") }),
      on({}),
      { name: "", topLayer: "" },
    ];
    const other = { name: "heroku/heroku:24", topLayer: digest("9"), digest: digest("c") };
    const standing = [...bases, other].map((base, at) => ({
      appId: String(at),
      base,
      architecture: "amd64" as const,
    }));
    expect(groupBases(standing, [target]).map(({ name, apps, state }) => [name, apps, state])).toEqual([
      ["", 1, "other"],
      [target.name, 2, "behind"],
      [target.name, 1, "newest"],
      ["heroku/heroku:24", 1, "other"],
    ]);
  });
});

describe("a verb", () => {
  const rows: readonly [PassStatus, string, string, string][] = [
    ["running", "paused", "-", "stopped"],
    ["paused", "-", "running", "stopped"],
    ["halted", "refused", "running", "stopped"],
  ];
  test.each(rows)("on a pass that is %s: pause %s, resume %s, stop %s", (status, ...wanted) => {
    const verbs = ["pause", "resume", "stop"] as const;
    const outcome = (verb: (typeof verbs)[number]) => {
      try {
        return changeOf(verb, status) ?? "-";
      } catch {
        return "refused";
      }
    };
    expect(verbs.map(outcome)).toEqual(wanted);
  });
});
