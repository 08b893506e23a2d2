import { chmod, symlink } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { makeContext, makeFolder, writeFiles } from "../../shared/buildpack-fixtures.ts";
import { basePythons } from "./base-pythons.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());

it("finds every Python of the base once, newest first, and nothing else", async () => {
  const answers = {
    "python3.9": "3.9.18",
    "python3.11": "3.11.2",
    "python3.15": "3.15.0rc1",
    "python3.8": "broken; exit 1",
    python2: "2.7.18",
    "python3.11-config": "3.11.3",
  };
  for (const [name, answer] of Object.entries(answers)) {
    await writeFiles(folder.at, { [`bin/${name}`]: `#!/bin/sh\necho ${answer}\n` });
    await chmod(path.join(folder.at, "bin", name), 0o755);
  }
  await symlink("python3.11", path.join(folder.at, "bin/python3"));
  const { context } = await makeContext(folder.at);
  const found = await basePythons(context, path.join(folder.at, "bin"));
  expect(found.map(({ program, version }) => [path.basename(program), version])).toEqual([
    ["python3.11", "3.11.2"],
    ["python3.9", "3.9.18"],
  ]);
  expect(await basePythons(context, path.join(folder.at, "none"))).toEqual([]);
});
