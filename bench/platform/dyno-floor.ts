import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSandboxes } from "../../platform/src/drivers/embedded/sandbox/index.ts";
import { freePort } from "../../platform/src/kernel/free-port-fixtures.ts";
import { median, timed } from "./timings.ts";

/**
 * Milliseconds of a sandbox that is isolated as a dyno is and runs `true`, and of the app's own boot outside of one: what a
 * dyno start must take.
 */
export async function measureFloor(
  appFolder: string,
  rounds: number,
): Promise<{ sandbox: number; boot: number }> {
  const home = mkdtempSync(join(tmpdir(), "conifer-floor-"));
  const sandboxes = await openSandboxes({ home, directory: join(home, "shared") });
  try {
    const bare: number[] = [];
    const boots: number[] = [];
    for (let i = 0; i < rounds; i += 1) {
      bare.push(
        await timed(async () => {
          const sandbox = await sandboxes.start({
            id: `floor-${i}`,
            directory: join(home, `floor-${i}`),
            lowerDirs: [],
            binds: [],
            argv: ["/bin/true"],
            env: { PATH: "/usr/bin:/bin" },
            cwd: "/",
            limits: { memoryBytes: 512 * 1024 ** 2, cpuShare: 1, pids: 256 },
            stdin: "none",
            network: "own",
          });
          await sandbox.exited;
          await sandbox.cleanUp();
        }),
      );
      boots.push(await bootOnce(appFolder));
    }
    return { sandbox: median(bare), boot: median(boots) };
  } finally {
    await sandboxes.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

async function bootOnce(folder: string): Promise<number> {
  const port = await freePort();
  const began = performance.now();
  const child = spawn(process.execPath, ["server.js"], {
    cwd: folder,
    env: { PATH: process.env.PATH, PORT: String(port) },
    stdio: "ignore",
  });
  try {
    while (!(await answers(port))) await new Promise((resolve) => setTimeout(resolve, 1));
    return performance.now() - began;
  } finally {
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
