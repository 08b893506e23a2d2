import { describe, expect, test } from "vitest";
import {
  checkRollbackTarget,
  describeDeploy,
  eligibleForRollback,
  hasReleaseCommand,
  parseReleaseIdentity,
  type Release,
} from "./release.ts";
import { imageInfo } from "./release-fixtures.ts";

function release(parts: Partial<Release> = {}): Release {
  const now = new Date("2026-01-01T00:00:00Z");
  return {
    id: "r",
    appId: "a",
    version: 7,
    status: "succeeded",
    description: "Deploy 1a2b3c4d",
    actor: { id: "u", email: "ada@example.com" },
    cause: "code",
    imageId: "i",
    imageDigest: `sha256:${"a".repeat(64)}`,
    imageInfo: imageInfo({ web: "serve" }),
    imageRemoved: false,
    inheritsImage: false,
    configId: "c",
    buildId: null,
    runsCommand: false,
    current: false,
    createdAt: now,
    updatedAt: now,
    ...parts,
  };
}

describe("going back to a release", () => {
  const none = { imageId: null, imageDigest: null, imageInfo: null };
  test.each([
    ["one that succeeded", {}, undefined],
    ["the current one", { current: true }, undefined],
    ["one whose command failed", { status: "failed" }, /v7: that release failed/],
    ["one that is not finished", { status: "pending" }, /v7: that release is not finished/],
    ["one from before the first push", none, /v7: it has no code/],
    ["one whose image is gone", { imageRemoved: true }, /v7: its image has been removed. Push/],
  ] satisfies [string, Partial<Release>, RegExp | undefined][])("%s", (_name, parts, refused) => {
    const target = release(parts);
    expect(eligibleForRollback(target)).toBe(refused === undefined);
    if (!refused) return checkRollbackTarget(target);
    expect(() => checkRollbackTarget(target)).toThrow(
      expect.objectContaining({ id: "invalid_params", message: expect.stringMatching(refused) }),
    );
  });
});

test.each([
  ["0123456789abcdef0123456789abcdef01234567", "Deploy 01234567"],
  ["0123456789ab", "Deploy 01234567"],
  ["v1.2.3", "Deploy v1.2.3"],
  ["deadbeef", "Deploy deadbeef"],
  ["x".repeat(100), `Deploy ${"x".repeat(60)}`],
  ["", "Deploy"],
  [null, "Deploy"],
])("a build of %j is described as %s", (version, text) => {
  expect(describeDeploy(version)).toBe(text);
});

test.each([
  ["12", { version: 12 }],
  ["v12", { version: 12 }],
  ["0", { version: 0 }],
  ["V12", { id: "V12" }],
  ["1e3", { id: "1e3" }],
  ["-1", { id: "-1" }],
  ["12345678901", { id: "12345678901" }],
  ["9b8f1f7e-5a4c-4e1c-9a53-0c6a1f6a2d11", { id: "9b8f1f7e-5a4c-4e1c-9a53-0c6a1f6a2d11" }],
])("%s names %j", (text, expected) => {
  expect(parseReleaseIdentity(text)).toEqual(expected);
});

test("only a process of the type `release` is a release command", () => {
  expect(hasReleaseCommand(null)).toBe(false);
  expect(hasReleaseCommand(imageInfo({ web: "serve", releaser: "x" }))).toBe(false);
  expect(hasReleaseCommand(imageInfo({ release: "migrate" }))).toBe(true);
});
