import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BUILDAH_PATHS } from "../../buildah/builds/index.ts";
import type { PhaseEnd } from "../../cnb/builds/index.ts";
import type { BuildMachine } from "./build-machine.ts";
import type { PhaseJob } from "./phase-runner.ts";
import { type BuildahCall, runBuildah } from "./run-buildah.ts";

const LOGINS = '{"auths":{}}';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "conifer-buildah-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A call of a buildah that prints this and ends so, with what was written and what it was given. */
function call(end: PhaseEnd | Error, prints: readonly string[] = []) {
  const jobs: PhaseJob[] = [];
  const written: string[] = [];
  const loginsSeen: unknown[] = [];
  const run = async (job: PhaseJob) => {
    jobs.push(job);
    const file = job.binds.find(({ target }) => target === BUILDAH_PATHS.logins);
    if (file) loginsSeen.push([readFileSync(file.source, "utf8"), statSync(file.source).mode & 0o777]);
    for (const text of prints) job.onOutput(Buffer.from(text));
    if (end instanceof Error) throw end;
    return end;
  };
  const limits = { memoryBytes: 64 * 1024 ** 2, cpuShare: 1, pids: 10 };
  const machine = { limits, hostEnv: {}, runner: { run, removeRemains: async () => {} } };
  const around = {
    root,
    write: (chunk: Buffer) => void written.push(chunk.toString()),
    signal: new AbortController().signal,
  };
  const given: BuildahCall = { id: "b1", machine: machine as Partial<BuildMachine> as BuildMachine, around };
  return { given, jobs, written, loginsSeen };
}

const IMAGE = { dockerfile: "Dockerfile" };
const ENDED_WELL = { exitCode: 0, outOfMemory: false };

describe("a call of buildah", () => {
  it("may write no part of the source, and is a builder's in the sandbox", async () => {
    const { given, jobs } = call(ENDED_WELL);
    expect(await runBuildah(["buildah", "build"], IMAGE, given)).toBeUndefined();
    const writable = jobs[0]?.binds.filter((bind) => bind.writable).map(({ target }) => target);
    const { storage, out, work, locks, workspace, logins } = BUILDAH_PATHS;
    expect(new Set(writable)).toEqual(new Set([storage, out, work, locks]));
    const targets = jobs[0]?.binds.map(({ target }) => target);
    expect(targets).toContain(workspace);
    expect(targets).not.toContain(logins);
    expect(jobs[0]).toMatchObject({ asBuilder: true, directory: join(root, "sandbox") });
  });

  it.each([
    ["well", ENDED_WELL],
    ["badly", { exitCode: 125, outOfMemory: false }],
    ["not at all", new Error("no sandbox")],
  ])("has logins that only it can read, and that are gone when it has ended %s", async (_how, end) => {
    const { given, loginsSeen } = call(end);
    await runBuildah(["buildah", "pull"], IMAGE, given, LOGINS).catch(() => {});
    expect(loginsSeen).toEqual([[LOGINS, 0o400]]);
    expect(existsSync(join(root, "logins.json"))).toBe(false);
  });

  it("does not write logins into a file that is there already", async () => {
    writeFileSync(join(root, "logins.json"), "");
    const { given, jobs } = call(ENDED_WELL);
    await expect(runBuildah(["buildah", "pull"], IMAGE, given, LOGINS)).rejects.toThrow("EEXIST");
    expect(jobs).toEqual([]);
  });

  it("passes on all that is printed, and keeps the status of what failed", async () => {
    const { given, written } = call({ exitCode: 7, outOfMemory: false }, ["STEP 1\n", "x".repeat(40_000)]);
    const result = await runBuildah(["buildah", "build"], IMAGE, given);
    expect(result).toMatchObject({ kind: "failed", exitCode: 7 });
    expect(written.join("")).toHaveLength(40_007);
  });

  it("tells that the memory was not enough, whatever was printed last", async () => {
    const { given } = call({ exitCode: 137, outOfMemory: true }, ["error: no such file\n"]);
    const result = await runBuildah(["buildah", "build"], IMAGE, given);
    expect(result).toMatchObject({ kind: "failed", message: expect.stringMatching(/memory/) });
  });
});
