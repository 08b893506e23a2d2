/**
 * A dyno host in a process of its own, for tests that kill it: it starts one dyno that listens, one that ignores
 * signals and leaves daemons, one that is frozen where that can be done, and prints a line when they run.
 * Arguments: its home, and the key of its journal.
 */
import { join } from "node:path";
import { silentLogger, systemClock } from "../../../kernel/index.ts";
import { DynoFollower, suiteSpec } from "../../../runtime/dyno/dyno-host-suite.ts";
import { openSandboxes } from "../sandbox/index.ts";
import { makeTestImage, program, shell } from "./dyno-host-fixtures.ts";
import { startEmbeddedDynoHost } from "./embedded-dyno-host.ts";
import { highestSafePort, makePortPool, portsInUse } from "./port-pool.ts";

const [home = "", key = ""] = process.argv.slice(2);
const sandboxes = await openSandboxes({ home, directory: join(home, "dynos", ".shared") });
const image = makeTestImage(join(home, "image"));
const host = await startEmbeddedDynoHost({
  sandboxes,
  unpackImage: async () => image,
  logs: { write: () => {} },
  logger: silentLogger,
  ports: makePortPool({ taken: portsInUse, random: Math.random, highest: highestSafePort() }),
  now: systemClock,
  random: Math.random,
  directory: join(home, "dynos"),
  journalFile: join(home, "state", "host.bin"),
  sleep: { idleMs: 3_600_000, file: join(home, "state", "asleep.json") },
  masterKey: { current: 1, keys: new Map([[1, Buffer.from(key, "hex")]]) },
});
const web = suiteSpec({ program: () => program("serve") }, "serves");
const stubborn = suiteSpec(
  { program: () => shell("trap '' TERM HUP; setsid sleep 600 & sleep 600 & wait; sleep 600") },
  "works",
  { name: "worker.1", duty: "work" },
);
const warm = suiteSpec({ program: () => program("serve") }, "serves", { name: "web.2", duty: "warm" });
const dynos = [web, stubborn, warm];
await host.dynos.apply({ appId: web.appId, dynos }, { subject: "formation", number: 1 });
const follower = new DynoFollower(host.dynos);
for (const { id } of dynos) await follower.until(id, "up");
// Warm dynos are frozen after a while.
if (sandboxes.abilities.freezer) await new Promise((resolve) => setTimeout(resolve, 2_500));
process.stdout.write(`ready ${web.id}\n`);
