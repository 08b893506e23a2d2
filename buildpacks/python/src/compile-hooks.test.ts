import { chmod } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeContext, makeFolder, writeFiles } from "../../shared/buildpack-fixtures.ts";
import { runHook } from "./compile-hooks.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());

async function run(script: string | undefined, mode = 0o644) {
  const { context, output } = await makeContext(folder.at);
  if (script !== undefined) {
    await writeFiles(context.appDir, { "bin/post_compile": script });
    await chmod(path.join(context.appDir, "bin/post_compile"), mode);
  }
  await runHook(context, "bin/post_compile", { FROM_BUILD: "yes" });
  return output();
}

describe("a script of the app's own", () => {
  it("is run by bash in the app's folder, with what the build says", async () => {
    const output = await run('[[ -f bin/post_compile ]] && echo "$FROM_BUILD"\n');
    expect(output).toBe("-----> Running bin/post_compile\n       yes\n");
  });

  it("is run by its first line when it is a program", async () => {
    expect(await run("#!/usr/bin/env node\nconsole.log(1 + 1)\n", 0o755)).toContain("       2\n");
  });

  it("need not be there", async () => {
    expect(await run(undefined)).toBe("");
  });

  it("ends the build when it fails", async () => {
    await expect(run("exit 4\n")).rejects.toMatchObject({
      message: "bin/post_compile failed.",
      advice: expect.arrayContaining([expect.stringContaining("status 4")]),
    });
  });
});
