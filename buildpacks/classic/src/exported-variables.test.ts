import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { changedVariables } from "./exported-variables.ts";

const output = (variables: Readonly<Record<string, string>>) =>
  Object.entries(variables)
    .map(([name, value]) => `${name}=${value}\0`)
    .join("");

describe("the variables that an export file sets", () => {
  it("are those that are new or other than before", () => {
    const before = output({ PATH: "/bin", SAME: "1", GONE: "x" });
    const after = output({ PATH: "/workspace/bin:/bin", SAME: "1", NEW: "a=b\nc" });
    expect(changedVariables(before, after)).toEqual({ PATH: "/workspace/bin:/bin", NEW: "a=b\nc" });
  });

  it.each(["_", "SHLVL", "PWD", "OLDPWD", "HOME", "BASH_ENV", "BASH_FUNC_x%%", "a.b", "1A"])(
    "are not the shell's own, nor what no layer can carry: %s",
    (name) => {
      expect(changedVariables("", output({ [name]: "x" }))).toEqual({});
    },
  );

  it("make the one output of the other, for names that may be exported", () => {
    const name = fc
      .stringMatching(/^[A-Z][A-Z0-9]{2,6}$/)
      .filter((text) => text !== "PWD" && text !== "HOME");
    const variables = fc.dictionary(
      name,
      fc.string().filter((text) => !text.includes("\0")),
    );
    fc.assert(
      fc.property(variables, variables, (before, more) => {
        const after = { ...before, ...more };
        expect({ ...before, ...changedVariables(output(before), output(after)) }).toEqual(after);
      }),
    );
  });
});
