import { cpSync } from "node:fs";
import { join } from "node:path";
import { callApi, granted } from "../../conformance/src/api-call.ts";
import { type Journey, type JourneyApp, setOut } from "../../conformance/src/journey.ts";
import { CLONE } from "../../conformance/src/running-platform.ts";
import { visit } from "../../conformance/src/visit.ts";

const WAIT_MS = 60_000;

/** The app that is measured, and the ways to look at it. */
export interface WordBench {
  readonly journey: Journey;
  readonly app: JourneyApp;
  /** Pushes nothing yet: commits a server that answers with this word. */
  change(word: string): Promise<void>;
  ask(): Promise<string>;
  /** Waits until the app answers with this word. */
  says(word: string): Promise<unknown>;
}

/** The example app for Node.js under the name `bench`, pushed once. */
export async function startWordApp(): Promise<WordBench> {
  const journey = await setOut();
  try {
    const app = await journey.makeApp("bench", {});
    cpSync(join(CLONE, "examples", "echo-node"), app.folder, { recursive: true });
    await app.commit({}, "The example");
    await app.push();
    return makeBench(journey, app);
  } catch (cause) {
    await journey.end();
    throw cause;
  }
}

function makeBench(journey: Journey, app: JourneyApp): WordBench {
  const ask = async () => (await visit(journey.platform.routerPort, "bench.localhost")).body;
  return {
    journey,
    app,
    ask,
    says: (word) => until(async () => wordOf(await ask()) === word),
    change: async (word) => {
      await app.commit({ "server.js": SERVER.replace("__WORD__", word) }, word);
    },
  };
}

const SERVER = `const { createServer } = require("node:http");
const server = createServer((request, response) => {
  response.end(JSON.stringify({ word: "__WORD__", release: process.env.HEROKU_RELEASE_VERSION }));
});
server.keepAliveTimeout = 95000;
server.listen(process.env.PORT);
process.on("SIGTERM", () => server.close(() => process.exit(0)));
`;

export function wordOf(body: string): string | undefined {
  try {
    return (JSON.parse(body) as { word?: string }).word;
  } catch {
    return undefined;
  }
}

interface ListedRelease {
  readonly id: string;
  readonly version: number;
}

/** The newest ones, oldest first. */
export async function listReleases({ platform }: Journey): Promise<readonly ListedRelease[]> {
  const range = "version ..; max=3, order=desc";
  const call = granted((...asked) => callApi({ platform, token: platform.access.token, range }, ...asked));
  return ((await call("GET", "/apps/bench/releases")) as ListedRelease[]).reverse();
}

export async function listDynos(journey: Journey): Promise<readonly { id: string; state: string }[]> {
  return (await journey.api("GET", "/apps/bench/dynos")).body;
}

/** Looks every so many ms until there is something; throws after a minute. */
export async function until<T>(look: () => Promise<T | false>, everyMs = 5): Promise<T> {
  const end = Date.now() + WAIT_MS;
  while (Date.now() < end) {
    const found = await look();
    if (found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  throw new Error("what the bench waits for did not happen within a minute");
}
