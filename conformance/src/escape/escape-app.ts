import { cpSync, readdirSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { controlApp } from "../app-control.ts";
import { PACKAGE_JSON } from "../app-folder.ts";
import type { Journey, JourneyApp } from "../journey.ts";
import { CLONE } from "../running-platform.ts";

/** How an app's code is run. */
export type EscapeKind = "build" | "release" | "dyno" | "one-off";

/** What an attempt got: nothing, what it wanted, or some of it and then no more. */
export interface EscapeResult {
  readonly escape: EscapeKind;
  readonly attempt: string;
  readonly got: "no" | "yes" | "bounded" | "untried";
  readonly detail: string;
}

/** The app that means ill, beside one that means well, on a platform. */
export interface EscapeWorld {
  readonly app: JourneyApp;
  /** What became of the attempts during the build and the release phase. */
  readonly pushed: readonly EscapeResult[];
  /** Runs attempts in the web dyno; those after which it did not live to tell are bounded. */
  inDyno(...attempts: string[]): Promise<readonly EscapeResult[]>;
  inOneOff(...attempts: string[]): Promise<readonly EscapeResult[]>;
  /** Whether a program that lets nobody end it keeps a person's terminal after its dyno is over. */
  holdsTerminal(): Promise<EscapeResult>;
  /** What visitors of the other app have met that was not that app, each once. */
  misled(): readonly string[];
  close(): Promise<void>;
}

const CANARY = "canary-5d1f0b";

const NEIGHBOR = `const { createServer } = require("node:http");
const { networkInterfaces } = require("node:os");
const addresses = Object.values(networkInterfaces()).flat().filter((one) => one.family === "IPv4");
const own = addresses.filter((one) => !one.internal).map((one) => one.address);
createServer((request, response) => response.end(JSON.stringify({ neighbor: true, own, port: process.env.PORT })))
  .listen(process.env.PORT);
`;

/** Deploys both apps. `network` is what the dynos of this machine have. */
export async function openEscapeWorld(journey: Journey, network: "own" | "shared"): Promise<EscapeWorld> {
  const files = {
    "package.json": PACKAGE_JSON,
    "server.js": NEIGHBOR,
    "canary.txt": `${CANARY}\n`,
    Procfile: "web: node server.js\n",
  };
  const neighbor = await journey.makeApp("neighbor", files);
  await controlApp(journey, neighbor).setConfig({ SECRET: CANARY });
  await neighbor.push();
  const { own, port } = JSON.parse((await neighbor.pageSays('"neighbor":true')).body) as {
    own: string[];
    port: string;
  };
  const machine = await listenEverywhere();
  const app = await journey.makeApp("escape", {});
  cpSync(join(CLONE, "examples", "escape"), app.folder, { recursive: true });
  await app.commit({}, "The escape app");
  await controlApp(journey, app).setConfig({
    ...targetsOn(journey, machine),
    ESCAPE_CANARY: [...CANARY].reverse().join(""),
    ESCAPE_NEIGHBOR: (network === "own" ? own : ["127.0.0.1"])
      .map((address) => `${address}:${port}`)
      .join(" "),
  });
  const watch = watchNeighbor(neighbor);
  const pushed = await app.push();
  await app.pageSays("escape app");
  return {
    app,
    pushed: readResults(pushed.all),
    inDyno: async (...attempts) => {
      const { body } = await app.page(`/attempts?${attempts.join(",")}`).catch(() => ({ body: "" }));
      return await tellFlood(app, withEnded("dyno", attempts, readResults(body)));
    },
    inOneOff: async (...attempts) => {
      const { stdout } = await app.heroku(
        "run",
        "--no-tty",
        "--",
        "node",
        "escape.js",
        "one-off",
        ...attempts,
      );
      return withEnded("one-off", attempts, readResults(stdout));
    },
    holdsTerminal: () => holdTerminal(journey, app),
    misled: watch.misled,
    close: async () => {
      await watch.stop();
      await new Promise((resolve) => machine.close(resolve));
    },
  };
}

/** Where only the dyno as a whole could be ended, it did not live to tell. */
function withEnded(
  kind: EscapeKind,
  attempts: readonly string[],
  results: readonly EscapeResult[],
): readonly EscapeResult[] {
  const cut = attempts.filter((name) => !results.some(({ attempt }) => attempt === name));
  const ended = cut.map((attempt) => ({ escape: kind, attempt, got: "bounded", detail: "ended" }) as const);
  return [...results, ...ended];
}

/** Only the log shows what became of a flood. */
async function tellFlood(
  app: JourneyApp,
  results: readonly EscapeResult[],
): Promise<readonly EscapeResult[]> {
  if (!results.some(({ attempt }) => attempt === "logs")) return results;
  const said = await app.logSays(/Error L12 .*messages dropped/).catch(() => undefined);
  return results.map((one) =>
    one.attempt === "logs" && said ? { ...one, got: "bounded" as const, detail: said } : one,
  );
}

const HOLD = "trap '' HUP INT TERM; (while :; do sleep 1; done) </dev/tty >/dev/tty 2>&1 & echo holding";
const LET_GO_MS = 30_000;

async function holdTerminal({ person }: Journey, app: JourneyApp): Promise<EscapeResult> {
  const terminal = person.terminal(["run", "-a", app.name, "--", HOLD], { cwd: app.folder });
  await terminal.sees(/holding/, LET_GO_MS);
  const late = new Promise<"late">((resolve) => setTimeout(() => resolve("late"), LET_GO_MS).unref());
  const end = await Promise.race([terminal.ended, late]);
  terminal.kill("SIGKILL");
  const got = end === "late" ? "yes" : "no";
  return { escape: "one-off", attempt: "terminal", got, detail: `the client: ${end}` };
}

/** Lines of JSON among other text; git puts `remote:` before each. */
export function readResults(text: string): readonly EscapeResult[] {
  return text.split("\n").flatMap((line) => {
    const [found] = /\{"escape":.*\}/.exec(line) ?? [];
    return found ? [JSON.parse(found) as EscapeResult] : [];
  });
}

/** What an app that knew this machine well would reach for. */
function targetsOn({ platform }: Journey, machine: Server): Record<string, string> {
  const { port } = machine.address() as AddressInfo;
  const all = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  const addresses = all.filter(({ family, internal }) => family === "IPv4" && !internal);
  return {
    ESCAPE_HOME: platform.home,
    ESCAPE_PIDS: [...platform.roles().values(), process.pid].join(" "),
    ESCAPE_SOCKETS: socketsBelow(platform.home).join(" "),
    ESCAPE_LOOPBACK: [`127.0.0.1:${port}`, `127.0.0.1:${platform.apiPort}`].join(" "),
    ESCAPE_ADDRESSES: addresses.map(({ address }) => `${address}:${port}`).join(" "),
  };
}

function socketsBelow(folder: string): readonly string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isSocket()).map((entry) => join(entry.parentPath, entry.name));
}

/** A service of this machine's on all of its addresses. */
async function listenEverywhere(): Promise<Server> {
  const server = createServer((_request, response) => response.end("the machine"));
  await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
  return server;
}

const VISIT_MS = 100;

function watchNeighbor(neighbor: JourneyApp) {
  const misled = new Set<string>();
  let stopped = false;
  const watching = (async () => {
    while (!stopped) {
      const { status, body } = await neighbor
        .page()
        .catch((thrown: Error) => ({ status: 0, body: thrown.message }));
      if (!body.includes('"neighbor":true')) misled.add(`${status} ${body.slice(0, 100)}`);
      await new Promise((resolve) => setTimeout(resolve, VISIT_MS));
    }
  })();
  return {
    misled: () => [...misled],
    stop: async () => {
      stopped = true;
      await watching;
    },
  };
}
