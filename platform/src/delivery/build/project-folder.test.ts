import { describe, expect, it } from "vitest";
import { projectFolder } from "./project-folder.ts";

describe("the folder of a repository that is the app", () => {
  it.each([
    ["packages/web", "packages/web"],
    [" ./packages//web/ ", "packages/web"],
    ["/web", "web"],
    ["", undefined],
    [" ", undefined],
    [".", undefined],
    ["/", undefined],
    ["..name/x", "..name/x"],
  ])("%j is %j", (text, folder) => {
    expect(projectFolder({ PROJECT_PATH: text })).toBe(folder);
  });

  it("is all of it unless it is named", () => {
    expect(projectFolder({ OTHER: "web" })).toBeUndefined();
  });

  it.each(["..", "web/../..", "/../etc"])("is refused when it leads out: %s", (text) => {
    expect(() => projectFolder({ PROJECT_PATH: text })).toThrow(/leads out of the repository/);
  });
});
