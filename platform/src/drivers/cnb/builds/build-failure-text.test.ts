import { describe, expect, it } from "vitest";
import { failureOf, timeoutText } from "./build-failure-text.ts";

const failed = (exitCode: number, outOfMemory = false) =>
  failureOf({ exitCode, outOfMemory }, 512 * 1024 * 1024);

describe("a build that made no image", () => {
  it.each([
    [20, "No buildpack takes this source. The lines above say what each one looks for"],
    [21, "No buildpack takes this source, and one failed"],
    [22, "The build failed while looking for buildpacks (exit status 22)."],
    [32, "while reading the previous image (exit status 32)"],
    [42, "while restoring the cache (exit status 42)"],
    [51, "A buildpack could not build this source."],
    [52, "while building (exit status 52)"],
    [62, "while making the image (exit status 62)"],
    [1, "The build failed (exit status 1)."],
    [70, "The build failed (exit status 70)."],
    [137, "The build failed (exit status 137)."],
  ])("that ended with %i says why, and keeps the status", (exitCode, says) => {
    expect(failed(exitCode)).toMatchObject({
      kind: "failed",
      exitCode,
      message: expect.stringContaining(says),
    });
  });

  it("for want of memory says so, whatever the exit status", () => {
    for (const exitCode of [20, 51, 137])
      expect(failed(exitCode, true).message).toMatch(
        /^The build needed more than 512 MB of memory and was stopped\./,
      );
  });

  it.each([
    [60, "1 minute "],
    [900, "15 minutes "],
    [90, "90 seconds "],
    [1, "1 second "],
  ])("in %i seconds says how long it had", (seconds, says) => {
    expect(timeoutText(seconds)).toContain(`after ${says}and was stopped`);
  });
});
