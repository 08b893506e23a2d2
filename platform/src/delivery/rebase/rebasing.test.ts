import { describe, expect, test } from "vitest";
import type { BaseFacts, ImageInfo } from "../image/index.ts";
import { imageInfo } from "../release/release-fixtures.ts";
import { changeOf } from "./change-pass.ts";
import { describeRebase, isBehind, type PassStatus, type RunImageBuild, whySkipped } from "./rebasing.ts";
import { groupBases } from "./show-rebase.ts";

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const target: RunImageBuild = { name: "conifer/run:debian-12", digest: digest("b"), topLayer: digest("2") };
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
    expect(isBehind(base, target)).toBe(wanted);
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

  test("that is for several architectures is left as it is: its layers stand on several run images", () => {
    const platforms = [{ architecture: "amd64" as const, digest: digest("c") }];
    const info = { ...imageInfo({}), runImage: on({ topLayer: digest("a") }), platforms };
    expect(whySkipped(info, target)).toBe("its image is one for several architectures: push it again");
  });

  test("gives its release a description that names the build", () => {
    expect(describeRebase(target)).toBe(`Rebase onto ${"b".repeat(12)}`);
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
    const standing = [...bases, other].map((base, at) => ({ appId: String(at), base }));
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
