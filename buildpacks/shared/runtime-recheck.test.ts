import { writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolder } from "./buildpack-fixtures.ts";
import { askedLately, noteAsked } from "./runtime-recheck.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
let file: string;
beforeEach(async () => {
  folder = await makeFolder();
  file = path.join(folder.at, "checked");
});
afterEach(() => folder.remove());

const HOUR = 3600 * 1000;

describe("the sources of a runtime", () => {
  it("were asked lately once that is noted", async () => {
    expect(await askedLately(file)).toBe(false);
    await noteAsked(file);
    expect(await askedLately(file)).toBe(true);
  });

  it.each([
    [-HOUR, true],
    [-6 * 24 * HOUR, true],
    [-7 * 24 * HOUR - HOUR, false],
    [HOUR, false],
  ])("asked %i ms from now: %s", async (ms, lately) => {
    await writeFile(file, new Date(Date.now() + ms).toISOString());
    expect(await askedLately(file)).toBe(lately);
  });

  it.each(["", "yesterday"])("are asked again when the note is no time: %j", async (text) => {
    await writeFile(file, text);
    expect(await askedLately(file)).toBe(false);
  });
});
