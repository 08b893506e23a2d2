import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import { namesOf, openNamedLayout } from "./builder-source.ts";

describe("an operator's folder", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "named-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("that is not there, or is no layout, is told", async () => {
    await expect(openNamedLayout(join(folder, "x"), join(folder, "y"))).rejects.toThrow("/x is not there");
    await expect(openNamedLayout(folder, join(folder, "y"))).rejects.toThrow(
      "no OCI layout: it has no index.json",
    );
    expect(await readdir(folder)).toEqual([]);
  });
});

test("a layout may hold an image under its short name or its full one", () => {
  expect(namesOf("heroku/heroku:24")).toEqual(["heroku/heroku:24", "docker.io/heroku/heroku:24"]);
});
