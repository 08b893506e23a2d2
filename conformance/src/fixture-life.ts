import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { callApi, granted } from "./api-call.ts";
import { writeFiles } from "./app-folder.ts";
import { fixtureApp } from "./fixture-app.ts";
import type { FixtureHome } from "./fixture-home.ts";
import { readLog } from "./read-log.ts";
import type { RunningPlatform } from "./running-platform.ts";
import { visit } from "./visit.ts";
import { waitUntil } from "./wait-until.ts";

const NAME = "older-app";
const HOST = `${NAME}.localhost`;
const PATIENCE = 120_000;

interface Listed {
  readonly version: number;
  readonly description: string;
}

/**
 * Gives an instance what an instance has after a while: an app with two deploys, config vars, a way back, a worker and
 * lines in its log. Through the API and git alone, so that any version can be given it. Tells what is to be found later.
 */
export async function liveFixtureLife(platform: RunningPlatform): Promise<FixtureHome["app"]> {
  const { token } = platform.access;
  const call = granted((...asked) => callApi({ platform, token }, ...asked));
  const folder = mkdtempSync(join(tmpdir(), "conifer-fixture-app-"));
  try {
    await call("POST", "/apps", { name: NAME });
    await call("PATCH", `/apps/${NAME}/config-vars`, { GREETING: "first", SECRET: "sealed" });
    pushFixtureApp(platform, folder, "one");
    await answers(platform, "one first sealed", PATIENCE);
    const earlier: Listed = (await call("GET", `/apps/${NAME}/releases`)).reduce(newer);
    const pushed = pushFixtureApp(platform, folder, "two");
    await call("PATCH", `/apps/${NAME}/config-vars`, { GREETING: "second" });
    await answers(platform, "two second sealed", PATIENCE);
    await call("PATCH", `/apps/${NAME}/formation/worker`, { quantity: 1 });
    await visit(platform.routerPort, HOST, "/log");
    await waitUntil(
      "its line in the log",
      async () => /a line from two/.test(await readLog(platform, NAME)),
      {
        ms: PATIENCE,
      },
    );
    return {
      name: NAME,
      answers: "two second sealed",
      earlier: { version: earlier.version, answers: "one first sealed" },
      configVars: await call("GET", `/apps/${NAME}/config-vars`),
      releases: (await call("GET", `/apps/${NAME}/releases`))
        .map(({ version, description }: Listed) => ({ version, description }))
        .sort((a: Listed, b: Listed) => a.version - b.version),
      formation: (await call("GET", `/apps/${NAME}/formation`)).map(
        ({ type, quantity }: { type: string; quantity: number }) => ({ type, quantity }),
      ),
      pushed,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const newer = (a: Listed, b: Listed) => (b.version > a.version ? b : a);

/** Where the fixture app is visited. */
interface FixtureSite {
  readonly routerPort: number;
  /** On a platform whose apps have another domain. */
  readonly host?: string;
}

/** Waits until the fixture app answers this at its page: its label and its two config vars. Throws with what it answers instead. */
export async function answers(site: FixtureSite, text: string, ms = 60_000): Promise<void> {
  let last = "";
  const look = async () => {
    const found = await visit(site.routerPort, site.host ?? HOST).catch(() => undefined);
    last = found?.status === 200 ? found.body.trim() : "";
    return last === text;
  };
  await waitUntil(`an answer "${text}"`, look, { ms, instead: () => last });
}

/** Commits the app with another label in the folder, pushes it, and returns the commit. Throws with what git said. */
export function pushFixtureApp(
  platform: Pick<RunningPlatform, "access" | "apiPort">,
  folder: string,
  label: string,
): string {
  const { token } = platform.access;
  const basic = Buffer.from(`:${token}`).toString("base64");
  // In the environment, since everybody can read arguments.
  const settings = [
    ["http.extraHeader", `Authorization: Basic ${basic}`],
    ["user.name", "A Person"],
    ["user.email", "person@example.com"],
  ];
  const env = {
    PATH: process.env.PATH ?? "",
    HOME: folder,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(
      settings.flatMap(([key, value], i) => [
        [`GIT_CONFIG_KEY_${i}`, key],
        [`GIT_CONFIG_VALUE_${i}`, value],
      ]),
    ),
  };
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: folder, env, encoding: "utf8", stdio: "pipe" }).trim();
  if (!existsSync(join(folder, ".git"))) git("init", "--quiet", "--initial-branch", "main");
  writeFiles(folder, fixtureApp(label));
  git("add", "--all");
  git("commit", "--quiet", "--message", `Label ${label}`);
  git("push", "--quiet", `http://127.0.0.1:${platform.apiPort}/${NAME}.git`, "main");
  return git("rev-parse", "HEAD");
}
