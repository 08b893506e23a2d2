import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  allows,
  isReference,
  parseRepository,
  type RegistryPrincipal,
  type RegistryRole,
  repositoryName,
} from "./registry-rules.ts";

const expires = new Date();
const spaceOf = (space: string): RegistryPrincipal => ({ kind: "space", space, expires });
const memberOf = (role: RegistryRole, name: string): RegistryPrincipal => ({
  kind: "member",
  role,
  repository: parseRepository(name) ?? { space: "", name: "" },
  expires,
});
const buildOf = (name: string): RegistryPrincipal => ({
  kind: "build",
  repository: parseRepository(name) ?? { space: "", name: "" },
  expires,
});

describe("a repository's name", () => {
  test.each(["team/app", "a/2f1c6a52-5d3e-4b57-8a43-0d9c2f6b7e11", "a.b_c--d/e__f", "0/0"])("%s", (name) => {
    expect(repositoryName(parseRepository(name) ?? { space: "", name: "" })).toBe(name);
  });

  test.each([
    "app",
    "a/b/c",
    "a/",
    "/b",
    "",
    "A/b",
    "a/..",
    "../b",
    "a/.b",
    "a/b.",
    "-a/b",
    "a/b___c",
    "a/b%2fc",
    "a/b c",
    "a/b\u0000",
    `a/${"b".repeat(129)}`,
    "a/b,c",
  ])("is not %j", (name) => {
    expect(parseRepository(name)).toBeUndefined();
  });
});

test.each([
  ["v1", true],
  ["_x.Y-z", true],
  [`sha256:${"a".repeat(64)}`, true],
  ["..", false],
  [".v1", false],
  ["-v1", false],
  ["v/1", false],
  ["t".repeat(129), false],
  [`sha256:${"A".repeat(64)}`, false],
  [`sha512:${"a".repeat(128)}`, true],
  [`sha512:${"a".repeat(64)}`, false],
  ["a+b:c=", true],
  ["sha256:", false],
  ["", false],
])("a manifest is asked for by %j: %s", (text, good) => {
  expect(isReference(text)).toBe(good);
});

describe("who may do what", () => {
  test.each([
    [spaceOf("team"), "pull", "team/app", true],
    [spaceOf("team"), "push", "team/app", false],
    [spaceOf("team"), "pull", "other/app", false],
    [spaceOf("team"), "pull", "team2/app", false],
    [spaceOf("team"), "pull", "conifer/builder", true],
    [spaceOf("team"), "push", "conifer/builder", false],
    [buildOf("team/app"), "pull", "team/app", true],
    [buildOf("team/app"), "push", "team/app", true],
    [buildOf("team/app"), "pull", "team/app2", false],
    [buildOf("team/app"), "push", "team/app2", false],
    [buildOf("team/app"), "pull", "conifer/run", true],
    [buildOf("team/app"), "push", "conifer/run", false],
    [buildOf("conifer/run"), "push", "conifer/run", true],
    [buildOf("team/app"), "delete", "team/app", false],
    [spaceOf("team"), "delete", "team/app", false],
    [memberOf("reader", "team/app"), "pull", "team/app", true],
    [memberOf("reader", "team/app"), "push", "team/app", false],
    [memberOf("reader", "team/app"), "pull", "conifer/run", true],
    [memberOf("writer", "team/app"), "push", "team/app", true],
    [memberOf("writer", "team/app"), "delete", "team/app", false],
    [memberOf("manager", "team/app"), "delete", "team/app", true],
    [memberOf("manager", "team/app"), "pull", "team/app2", false],
    [memberOf("manager", "team/app"), "delete", "conifer/run", false],
  ] as const)("%j %s %s: %s", (principal, action, name, allowed) => {
    expect(allows(principal, action, parseRepository(name) ?? { space: "", name: "" })).toBe(allowed);
  });

  test("a space reads nothing outside itself but the platform's, whatever it is called", () => {
    const part = fc.stringMatching(/^[a-z0-9]{1,12}$/);
    fc.assert(
      fc.property(part, part, part, (mine, space, name) => {
        const allowed = allows(spaceOf(mine), "pull", { space, name });
        expect(allowed).toBe(space === mine || space === "conifer");
        expect(allows(spaceOf(mine), "push", { space, name })).toBe(false);
      }),
    );
  });
});
