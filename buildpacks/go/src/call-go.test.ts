import { chmod } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeContext, makeFolder, writeFiles } from "../../shared/buildpack-fixtures.ts";
import { callGo } from "./call-go.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());

/** A script in place of Go. */
async function call(script: string, show: boolean) {
  await writeFiles(folder.at, { "go/bin/go": `#!/bin/sh\n${script}\n` });
  await chmod(path.join(folder.at, "go/bin/go"), 0o755);
  const { context, output } = await makeContext(folder.at);
  const root = path.join(folder.at, "go");
  const called = callGo({ context, root, env: { PATH: process.env.PATH, A: "b" } }, ["list", "-m"], {
    ...{ show, failure: "It failed." },
  });
  return { output, result: await called.catch((thrown: unknown) => thrown) };
}

describe("a call of go", () => {
  it("has its arguments, its environment and the app's folder, and gives its output", async () => {
    const { result, output } = await call('echo "$* $A"; pwd', false);
    expect(result).toBe(`list -m b\n${path.join(folder.at, "app")}`);
    expect(output()).toBe("");
  });

  it("shows what it writes as it comes where that is wanted", async () => {
    expect((await call("echo one; echo two >&2", true)).output().split("\n").toSorted()).toEqual([
      ...["", "       one", "       two"],
    ]);
  });

  it.each([true, false])("that fails is told with its output and what to do (shown: %s)", async (show) => {
    const { result, output } = await call("echo 'go: updates to go.mod needed'; exit 3", show);
    expect(result).toMatchObject({ name: "BuildFailure", message: "It failed." });
    expect(JSON.stringify(result)).toContain("go mod tidy");
    expect(output()).toBe("       go: updates to go.mod needed\n");
  });

  it.each([
    ["echo missing go.sum entry; FILL; exit 1", "See its output above."],
    ["FILL; echo missing go.sum entry; exit 1", "  go mod tidy && git add go.mod go.sum"],
  ])("is looked through for a cause at its end only (%s)", async (script, words) => {
    const fill = "head -c 400000 /dev/zero | tr '\\0' 'x' | fold -w 1000; echo";
    const { result } = await call(script.replace("FILL", fill), true);
    expect(JSON.stringify(result)).toContain(words);
  });
});
