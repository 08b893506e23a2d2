import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import type { Sandbox, Sandboxes, SandboxSpec } from "../sandbox/index.ts";
import { makeSandboxRunner, type PhaseJob } from "./phase-runner.ts";

/** Sandboxes whose one program ends when it is told to, or is killed. */
function fakeSandboxes(outOfMemory = false) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const done: string[] = [];
  const specs: SandboxSpec[] = [];
  let exit: (end: Awaited<Sandbox["exited"]>) => void = () => {};
  const exited = new Promise<Awaited<Sandbox["exited"]>>((resolve) => {
    exit = resolve;
  });
  const sandbox: Partial<Sandbox> = {
    pipes: { stdout, stderr },
    exited,
    kill: () => {
      done.push("kill");
      stdout.destroy();
      exit({ code: 137, signal: "SIGKILL" });
    },
    ranOutOfMemory: async () => outOfMemory,
    cleanUp: async () => void done.push("clean up"),
  };
  const start = async (spec: SandboxSpec) => {
    specs.push(spec);
    return sandbox as Sandbox;
  };
  const sandboxes: Partial<Sandboxes> = { start };
  return { sandboxes: sandboxes as Sandboxes, stdout, exit, done, specs };
}

function job(more: Partial<PhaseJob> = {}): PhaseJob & { readonly said: string[] } {
  const said: string[] = [];
  const limits = { memoryBytes: 1, cpuShare: 1, pids: 1 };
  const onOutput = (chunk: Buffer) => void said.push(chunk.toString());
  const what = { id: "b1", directory: "/d", binds: [], argv: ["detect", "a b"] as const, env: {}, cwd: "/" };
  return { ...what, limits, onOutput, said, ...more };
}

describe("a phase in a sandbox", () => {
  it("has told all of its output when it has ended, however late that comes", async () => {
    const { sandboxes, stdout, exit, done } = fakeSandboxes();
    const one = job();
    const end = makeSandboxRunner(sandboxes).run(one, new AbortController().signal);
    exit({ code: 3 });
    stdout.write("first ");
    await new Promise(setImmediate);
    expect(done).toEqual([]);
    stdout.end("last");
    expect(await end).toEqual({ exitCode: 3, outOfMemory: false });
    expect([one.said.join(""), done]).toEqual(["first last", ["clean up"]]);
  });

  it.each([
    ["own", "own"],
    ["machine", undefined],
    [undefined, undefined],
  ] as const)("with the network %s asks the sandbox for %s", async (network, asked) => {
    const { sandboxes, stdout, exit, specs } = fakeSandboxes();
    const end = makeSandboxRunner(sandboxes, network).run(job(), new AbortController().signal);
    exit({ code: 0 });
    stdout.end();
    await end;
    expect(specs[0]?.network).toBe(asked);
  });

  it("tells that its memory was not enough", async () => {
    const { sandboxes, stdout, exit } = fakeSandboxes(true);
    const end = makeSandboxRunner(sandboxes).run(job(), new AbortController().signal);
    exit({ code: 137 });
    stdout.end();
    expect(await end).toEqual({ exitCode: 137, outOfMemory: true });
  });

  it.each(["before", "while"])("is killed and cleaned up after an abort %s it runs", async (when) => {
    const { sandboxes, done } = fakeSandboxes();
    const stop = new AbortController();
    if (when === "before") stop.abort();
    const end = makeSandboxRunner(sandboxes).run(job(), stop.signal);
    if (when === "while") setImmediate(() => stop.abort());
    expect(await end).toMatchObject({ exitCode: 137 });
    expect(done).toEqual(["kill", "clean up"]);
  });

  it("leaves nothing that a later abort would reach", async () => {
    const { sandboxes, stdout, exit, done } = fakeSandboxes();
    const stop = new AbortController();
    const end = makeSandboxRunner(sandboxes).run(job(), stop.signal);
    exit({ code: 0 });
    stdout.end();
    await end;
    stop.abort();
    expect(done).toEqual(["clean up"]);
  });

  it("runs on this machine's base, or as its user on the builder image's files alone", async () => {
    const root = { folder: "/shelf/root", user: { uid: 1001, gid: 1002 } };
    const specs: SandboxSpec[] = [];
    for (const one of [job(), job({ root, asBuilder: true })]) {
      const { sandboxes, specs: started, stdout, exit } = fakeSandboxes();
      const end = makeSandboxRunner(sandboxes).run(one, new AbortController().signal);
      exit({ code: 0 });
      stdout.end();
      await end;
      specs.push(...started);
    }
    expect(specs[0]).toMatchObject({ lowerDirs: [], stdin: "none", argv: expect.arrayContaining(["a b"]) });
    expect([specs[0]?.ownRoot, specs[0]?.builder]).toEqual([undefined, undefined]);
    expect(specs[1]).toMatchObject({ lowerDirs: ["/shelf/root"], ownRoot: root.user, builder: true });
  });
});
