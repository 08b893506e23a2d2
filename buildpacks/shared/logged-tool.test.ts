import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeContext, makeFolder } from "./buildpack-fixtures.ts";
import { adviceFor, runLogged } from "./logged-tool.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());

async function run(script: string) {
  const { context, output } = await makeContext(folder.at);
  const result = await runLogged(context, ["sh", "-c", script], context.env);
  return { ...result, log: output() };
}

describe("a tool whose failures are explained", () => {
  it("tells the log what it writes, and its caller too", async () => {
    expect(await run("echo one; echo two >&2; exit 3")).toMatchObject({ code: 3 });
    const { output, log } = await run("echo one");
    expect([output, log]).toEqual(["one\n", "       one\n"]);
  });

  it("is known to have been killed", async () => {
    expect(await run("echo begun; kill -KILL $$")).toMatchObject({ code: 137, output: "begun\nKilled\n" });
  });

  it("is remembered by the end of what it wrote", async () => {
    const { output } = await run("i=0; while [ $i -lt 40 ]; do printf %020000d\\\\n $i; i=$((i+1)); done");
    expect(output.length).toBe(500_000);
    expect(output.endsWith("39\n")).toBe(true);
  });
});

describe("advice", () => {
  const known = [
    { pattern: /no (\w+) here|(\w+) is gone/, advice: ["Add $1.", "Then push $1."] },
    { pattern: /here/, advice: ["Look elsewhere."] },
  ];
  it.each([
    ["there is no $& here", ["Look elsewhere."]],
    ["there is no cheese here", ["Add cheese.", "Then push cheese."]],
    ["cheese is gone", ["Add cheese.", "Then push cheese."]],
    ["it was here", ["Look elsewhere."]],
    ["nothing", ["See its output above."]],
  ])("for %j", (output, advice) => {
    expect(adviceFor(known, output)).toEqual(advice);
  });
});
