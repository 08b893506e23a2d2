import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Tell } from "../../cli/src/cluster/tell-steps.ts";

/**
 * Keeps another of our commands out while this one works: an abstract Unix socket is a lock that the kernel takes back
 * however its holder ends. Waits as long as the other one takes, and says so once.
 * @returns what gives the lock back
 */
export async function takeLock(name: string, tell: Tell): Promise<() => Promise<void>> {
  for (let told = false; ; told = true) {
    const server = createServer();
    const taken = await new Promise<boolean>((resolve, reject) => {
      server.once("error", (thrown: NodeJS.ErrnoException) => {
        if (thrown.code === "EADDRINUSE") resolve(false);
        else reject(thrown);
      });
      server.listen(`\0conifer-cluster/${name}`, () => resolve(true));
    });
    if (taken) return () => new Promise((resolve) => server.close(() => resolve()));
    if (!told) tell("Waiting for another command that works on this cluster ...");
    await sleep(250);
  }
}
