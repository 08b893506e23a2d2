import { expect, test } from "vitest";
import { choosePackages } from "../../buildpacks/shared/base-packages.ts";
import { BUILDER_PACKAGES } from "./package-list.ts";

const available = new Set(["bash", "libpng16-16", "libnew64", "libnew"]);

test.each([
  ["a package that is there", ["bash"], ["bash"]],
  ["the first name that is there", ["libpng16-16t64|libpng16-16"], ["libpng16-16"]],
  ["the first name of two that are there", ["libnew64|libnew"], ["libnew64"]],
  ["nothing for one that may be missing", ["usr-is-merged?", "bash"], ["bash"]],
  ["nothing for several that may be missing", ["a|b?"], []],
  ["one that may be missing and is there", ["bash?"], ["bash"]],
])("%s", (_, wanted, chosen) => {
  expect(choosePackages(wanted, available)).toEqual(chosen);
});

test("all that must be there and are not are named at once", () => {
  expect(() => choosePackages(["zsh", "bash", "fish|ksh"], available)).toThrow("zsh, fish or ksh");
});

test("no package is listed twice", () => {
  const all = Object.values(BUILDER_PACKAGES).flat();
  expect(new Set(all).size).toBe(all.length);
});
