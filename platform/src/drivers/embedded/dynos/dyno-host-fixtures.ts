import { randomBytes, randomUUID } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LogLine, type MasterKey, silentLogger, systemClock } from "../../../kernel/index.ts";
import type { DynoSpec } from "../../../runtime/dyno/index.ts";
import { openSandboxes, removeTree, type Sandboxes } from "../sandbox/index.ts";
import type { DynoImage } from "./dyno-program.ts";
import {
  type EmbeddedDynoHost,
  type EmbeddedDynoHostOptions,
  startEmbeddedDynoHost,
} from "./embedded-dyno-host.ts";
import { highestSafePort, makePortPool, portsInUse } from "./port-pool.ts";

/** Small programs for a dyno, as its image has them in /workspace; run with Node. */
export const PROGRAMS = {
  "serve.js": `
    const server = require("node:http").createServer((request, response) => {
      if (request.url === "/wait") return setTimeout(() => response.end("waited"), 1000);
      response.end(JSON.stringify({ dyno: process.env.DYNO, port: process.env.PORT, env: process.env }));
    });
    setTimeout(() => server.listen(process.env.WRONG_PORT ?? process.env.PORT, process.env.BIND), process.env.LATE_MS ?? 0);
  `,
  "stubborn.js": `
    process.on("SIGTERM", () => console.log("not now"));
    require("node:net").createServer().listen(process.env.PORT);
  `,
  "grow.js": `
    const held = [];
    setInterval(() => held.push(Buffer.alloc(5 * 2 ** 20, 1)), 100);
  `,
  "echo.js": `
    require("node:readline").createInterface({ input: process.stdin })
      .on("line", (line) => console.log("got " + line))
      .on("close", () => process.exit(5));
  `,
} as const;

/** A folder with an image, the sandboxes of this machine, and hosts on them; for tests. */
export interface DynoWorld {
  readonly home: string;
  readonly sandboxes: Sandboxes;
  readonly image: DynoImage;
  readonly lines: LogLine[];
  readonly masterKey: MasterKey;
  /** What the app's log says, without times: `app[web.1]: text`. */
  log(name?: string): string[];
  /** With the journal of an earlier host when it is given the same name, else with a new one. */
  startHost(
    journal?: string,
    options?: { readonly idleMs?: number } & Partial<
      Pick<EmbeddedDynoHostOptions, "memoryCapacity" | "disk">
    >,
  ): Promise<EmbeddedDynoHost>;
  close(): Promise<void>;
}

/** `cgroups: false`: on a machine that has none. */
export async function openDynoWorld(
  network: "own" | "shared" = "shared",
  { cgroups = true, openPorts = [] as readonly number[] } = {},
): Promise<DynoWorld> {
  const home = mkdtempSync(join(tmpdir(), "conifer-dynos-"));
  const sandboxes = await openSandboxes({
    home,
    directory: join(home, "dynos", ".shared"),
    openPorts,
    without: [
      ...(network === "own" ? [] : ["ownNetwork" as const]),
      ...(cgroups ? [] : ["cgroups" as const]),
    ],
  });
  const image = makeTestImage(join(home, "image"));
  const masterKey: MasterKey = { current: 1, keys: new Map([[1, randomBytes(32)]]) };
  const lines: LogLine[] = [];
  return {
    home,
    sandboxes,
    image,
    lines,
    masterKey,
    log: (name) =>
      lines
        .filter((line) => name === undefined || line.process === name)
        .map((line) => `${line.source}[${line.process}]: ${line.message}`),
    startHost: (journal = randomUUID(), { idleMs = 3_600_000, memoryCapacity, disk } = {}) =>
      startEmbeddedDynoHost({
        sandboxes,
        unpackImage: async () => image,
        logs: { write: (line) => void lines.push(line) },
        logger: silentLogger,
        ports: makePortPool({ taken: portsInUse, random: Math.random, highest: highestSafePort() }),
        now: systemClock,
        random: Math.random,
        directory: join(home, "dynos"),
        journalFile: join(home, "state", journal),
        sleep: { idleMs, file: join(home, "state", `${journal}.asleep`) },
        ...(memoryCapacity === undefined ? {} : { memoryCapacity }),
        ...(disk === undefined ? {} : { disk }),
        masterKey,
      }),
    close: async () => {
      await sandboxes.stop();
      await removeTree(home);
    },
  };
}

/** An image of one layer: this machine's Node in /layers and the programs in /workspace. */
export function makeTestImage(layer: string): DynoImage {
  for (const folder of ["workspace", "layers/node/bin"]) mkdirSync(join(layer, folder), { recursive: true });
  copyFileSync(process.execPath, join(layer, "layers/node/bin/node"));
  for (const [name, text] of Object.entries(PROGRAMS)) writeFileSync(join(layer, "workspace", name), text);
  return {
    lowerDirs: [layer],
    env: { PATH: "/layers/node/bin:/usr/bin:/bin" },
    workingDir: "/workspace",
    processArgv: (type) => ["node", `${type}.js`],
    programArgv: (argv) => argv,
    shellArgv: (line) => ["/bin/sh", "-c", line],
    giveBack: () => {},
  };
}

/** The part of a spec that runs a line of shell. */
export function shell(line: string): Pick<DynoSpec, "image" | "command" | "displayCommand"> {
  return { image: "sha256:test", command: { kind: "shell", line }, displayCommand: line };
}

/** The part of a spec that runs one of the programs. */
export function program(
  type: "serve" | "stubborn" | "echo" | "grow",
): Pick<DynoSpec, "image" | "command" | "displayCommand"> {
  return { image: "sha256:test", command: { kind: "process", type }, displayCommand: `node ${type}.js` };
}
