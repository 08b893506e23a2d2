import type { SandboxExit } from "./sandbox.ts";
import type { SandboxEngine } from "./sandbox-engine.ts";
import { startSandbox } from "./start-sandbox.ts";

/**
 * Runs a program in a small sandbox as dynos have them, with what it said of errors; nothing of it stays. Throws when the
 * sandbox cannot be started.
 */
export async function runTrial(
  engine: SandboxEngine,
  directory: string,
  argv: readonly [string, ...string[]],
): Promise<SandboxExit & { readonly said: string }> {
  const sandbox = await startSandbox(engine, {
    ...{ id: "trial", directory, lowerDirs: [], binds: [], argv, cwd: "/" },
    env: { PATH: "/usr/bin:/bin", HOME: "/home/dyno" },
    limits: { memoryBytes: 64 * 1024 * 1024, cpuShare: 1, pids: 64 },
    ...{ network: "own", stdin: "none" },
  });
  let said = "";
  sandbox.pipes?.stdout.resume();
  sandbox.pipes?.stderr.on("data", (text) => {
    said += text;
  });
  const end = await sandbox.exited;
  await sandbox.cleanUp();
  return { ...end, said };
}
