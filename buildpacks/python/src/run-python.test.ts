import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeContext, makeFolder } from "../../shared/buildpack-fixtures.ts";
import { runPython } from "./run-python.ts";

describe("a program of a Python build", () => {
  let folder: Awaited<ReturnType<typeof makeFolder>>;
  beforeEach(async () => {
    folder = await makeFolder();
  });
  afterEach(() => folder.remove());

  async function failureOf(script: string, advice?: readonly string[]) {
    const { context, output } = await makeContext(folder.at);
    const run = { command: "sh", args: ["-c", script], failure: "It failed.", ...(advice ? { advice } : {}) };
    const failure = await runPython(context, run).then(
      () => undefined,
      (thrown: Error & { advice: readonly string[] }) => thrown,
    );
    return { message: failure?.message, advice: failure?.advice, output: output() };
  }

  it("that fails for a known reason is told with what to do about that alone", async () => {
    const said = "Your Pipfile.lock (1) is out of date. Expected: (2).";
    const { message, advice, output } = await failureOf(`echo '${said}' >&2; exit 1`, ["Try something."]);
    expect(message).toBe("It failed.");
    expect(advice).toEqual([
      expect.stringContaining("pipenv lock && git add Pipfile.lock"),
      "It ended with status 1; see its output above.",
    ]);
    expect(output).toContain(said);
  });

  it("that fails for another one is told with what its caller knows", async () => {
    const { advice } = await failureOf("echo no; exit 3", ["Try something."]);
    expect(advice).toEqual(["Try something.", "It ended with status 3; see its output above."]);
  });

  it("that is killed has run out of memory", async () => {
    expect((await failureOf("kill -9 $$")).advice?.[0]).toContain("ran out of memory");
  });

  it("is nothing to tell when all went well", async () => {
    expect(await failureOf("echo well")).toMatchObject({ message: undefined });
  });
});
