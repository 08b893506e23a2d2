import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { USAGE } from "./cluster/cluster-arguments.ts";
import { testClusterName } from "./cluster/test-clusters.ts";

/** A name that no cluster of this machine has. */
const NAME = testClusterName(process.pid);
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "conifer-command-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the tool as a user would, its folders being the test's own. */
async function run(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const entry = join(import.meta.dirname, "run-cluster.ts");
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", entry, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      XDG_CACHE_HOME: folder,
      CONIFER_CLUSTER_STATE: join(folder, "data"),
      ...environment,
    },
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code));
  });
  const [output, errors, status] = await Promise.all([buffer(child.stdout), buffer(child.stderr), ended]);
  return { status, output: output.toString(), errors: errors.toString() };
}

/** Several at once: each is a process that starts and ends. */
const runEach = (lines: readonly (readonly string[])[]) => Promise.all(lines.map((args) => run(args)));

describe("a command line", () => {
  test("without a command, or that asks for help, prints it", async () => {
    for (const ended of await runEach([[], ["--help"]])) {
      expect(ended).toEqual({ status: 0, output: USAGE, errors: "" });
    }
  });

  test("that is wrong says so in one line and does nothing", async () => {
    const wrong = [["fly"], ["up", "--nodes", "9"], ["constructor"]];
    for (const { status, output, errors } of await runEach(wrong)) {
      expect([status, output]).toEqual([2, ""]);
      expect(errors).toMatch(/^.+ `npm run cluster -- --help` shows what can be said\.\n$/);
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  test("with a folder that no node could see is wrong too", async () => {
    const ended = await run(["kubeconfig"], { CONIFER_CLUSTER_STATE: "/run/clusters" });
    expect(ended).toMatchObject({ status: 2, output: "" });
    expect(ended.errors).toContain("/run/clusters/conifer cannot be used");
  });
});

describe("where there is no cluster", () => {
  test("its status is not healthy and says how to start one, or is null to programs", async () => {
    const [people, programs] = await runEach([
      ["status", "--name", NAME],
      ["status", "--name", NAME, "--json"],
    ]);
    expect(people).toMatchObject({ status: 1, errors: "" });
    expect(people?.output).toContain(`\`npm run cluster -- --name ${NAME} up\` starts one.`);
    expect(programs).toEqual({ status: 1, output: "null\n", errors: "" });
  });

  test("the kubeconfig's path is known all the same", async () => {
    const ended = await run(["kubeconfig", "--name", NAME]);
    expect(ended).toEqual({ status: 0, output: `${folder}/data/${NAME}/kubeconfig\n`, errors: "" });
  });

  test("what needs one fails with the next step, and makes nothing", async () => {
    const [node, image, scale] = await runEach([
      ["--name", NAME, "node", "1", "true"],
      ["--name", NAME, "image", "localhost/app:dev", `${process.execPath}:/app`],
      ["--name", NAME, "scale", "--nodes", "3"],
    ]);
    expect(node).toEqual({ status: 1, output: "", errors: `${NAME} has no node 1 that runs.\n` });
    expect(image).toMatchObject({ status: 1, errors: `No node of ${NAME} runs. Bring it up first.\n` });
    expect(scale).toMatchObject({ status: 1, output: "" });
    expect(scale?.errors).toBe(`${NAME} is not up. \`npm run cluster -- --name ${NAME} up\` starts it.\n`);
    expect(readdirSync(folder)).toEqual([]);
  });
});
