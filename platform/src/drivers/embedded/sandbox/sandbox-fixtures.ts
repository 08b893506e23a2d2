import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { removeTree } from "../../files/trees/index.ts";
import type { SandboxesOptions } from "./find-engine.ts";
import { openSandboxes } from "./open-sandboxes.ts";
import type { Sandbox, Sandboxes, SandboxSpec } from "./sandbox.ts";

/** Sandboxes in a folder of their own, for tests. */
export interface SandboxWorld {
  readonly home: string;
  readonly sandboxes: Sandboxes;
  /** A spec that runs a line of shell; `change` overrides anything. */
  spec(line: string, change?: Partial<SandboxSpec>): SandboxSpec;
  start(line: string, change?: Partial<SandboxSpec>): Promise<Sandbox>;
  /** Runs a line of shell to its end. */
  run(line: string, change?: Partial<SandboxSpec>): Promise<{ code: number; out: string; err: string }>;
  close(): Promise<void>;
}

const MIB = 1024 * 1024;

export async function openSandboxWorld(
  without: NonNullable<SandboxesOptions["without"]> = ["ownNetwork"],
): Promise<SandboxWorld> {
  const home = mkdtempSync(join(tmpdir(), "conifer-sandbox-"));
  const opening = openSandboxes({ home, directory: join(home, "dynos", ".shared"), without });
  const sandboxes = await opening.catch(async (thrown) => {
    await removeTree(home);
    throw thrown;
  });
  const layer = join(home, "layer");
  mkdirSync(join(layer, "workspace"), { recursive: true });
  let count = 0;
  const spec: SandboxWorld["spec"] = (line, change) => {
    const id = `test-${++count}`;
    return {
      id,
      directory: join(home, "dynos", id),
      lowerDirs: [layer],
      binds: [],
      argv: ["/bin/sh", "-c", line],
      env: { PATH: "/usr/bin:/bin", HOME: "/home/dyno" },
      cwd: "/workspace",
      limits: { memoryBytes: 256 * MIB, cpuShare: 1, pids: 100 },
      stdin: "none",
      ...change,
    };
  };
  const started: Sandbox[] = [];
  const start: SandboxWorld["start"] = async (line, change) => {
    const sandbox = await sandboxes.start(spec(line, change));
    started.push(sandbox);
    return sandbox;
  };
  return {
    home,
    sandboxes,
    spec,
    start,
    run: async (line, change) => {
      const sandbox = await start(line, change);
      const texts = { out: "", err: "" };
      const outputs = [
        [sandbox.pipes?.stdout, "out"],
        [sandbox.pipes?.stderr, "err"],
      ] as const;
      const ends = outputs.map(([stream, name]) => {
        stream?.on("data", (chunk) => {
          texts[name] += chunk;
        });
        return whenClosed(stream);
      });
      const { code } = await sandbox.exited;
      await Promise.all(ends);
      await sandbox.cleanUp();
      return { code, ...texts };
    },
    close: async () => {
      await Promise.all(started.map((sandbox) => sandbox.cleanUp()));
      await sandboxes.stop();
      await removeTree(home);
    },
  };
}

/** Resolves once an output has closed; one that stayed empty may have before anybody asks. */
export async function whenClosed(stream: Readable | undefined): Promise<void> {
  if (stream && !stream.closed) await new Promise((resolve) => stream.once("close", resolve));
}

/** Resolves once the test holds; throws when it does not in time. */
export async function eventually(what: string, test: () => boolean | Promise<boolean>, withinMs = 10_000) {
  const deadline = Date.now() + withinMs;
  while (!(await test())) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
