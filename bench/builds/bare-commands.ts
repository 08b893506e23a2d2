import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { timed } from "../platform/timings.ts";

/** A command line, its folder the source's. `CACHE` in it stands for the package manager's cache. */
export type Commands = readonly (readonly string[])[];

/** What a machine without Conifer does with a source: the package manager's own commands in a folder of their own. */
export interface BareBuilds {
  /** Milliseconds of the commands on a copy of the source; with the cache of the calls before, or an empty one. */
  time(source: string, commands: Commands, cache: "kept" | "empty"): Promise<number>;
  remove(): void;
}

export function makeBareBuilds(): BareBuilds {
  const root = mkdtempSync(join(tmpdir(), "conifer-bare-"));
  let next = 0;
  return {
    time: async (source, commands, cache) => {
      const folder = join(root, String(next++));
      cpSync(source, folder, { recursive: true });
      const caches = cache === "kept" ? join(root, "cache") : `${folder}-cache`;
      mkdirSync(caches, { recursive: true });
      const took = await timed(async () => {
        await runCommands(
          commands.map((command) => command.map((word) => word.replace("CACHE", caches))),
          folder,
        );
      });
      rmSync(folder, { recursive: true });
      if (cache === "empty") rmSync(caches, { recursive: true });
      return took;
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** One after the other. Rejects with what the first that fails has said. */
export async function runCommands(commands: Commands, folder: string): Promise<void> {
  for (const command of commands) await run(command, folder);
}

function run([program = "", ...args]: readonly string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    const child = spawn(program, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    const hear = (chunk: Buffer) => {
      said = (said + chunk).slice(-10_000);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`${program} ended with ${code}:\n${said}`)),
    );
  });
}
