import { rmSync } from "node:fs";
import { join } from "node:path";
import { type ApiAnswer, callApi, granted } from "./api-call.ts";
import { commitAll, type Files, makeAppFolder, writeFiles } from "./app-folder.ts";
import { takeOwnAccess } from "./own-access.ts";
import { readLog } from "./read-log.ts";
import { type RunningPlatform, removeHome, type StartOptions, startPlatform } from "./running-platform.ts";
import { type CommandResult, type Person, sitDown } from "./stock-client.ts";
import { type Visit, visit } from "./visit.ts";
import { waitUntil } from "./wait-until.ts";

/** A started platform with a person who is logged in, and what journeys do over and over. */
export interface Journey {
  readonly platform: RunningPlatform;
  readonly person: Person;
  /** Calls the API with the first account's token. */
  api(method: string, path: string, body?: unknown): Promise<ApiAnswer>;
  /** Creates an app and a folder with its first commit, not yet pushed, as `heroku create` does. */
  makeApp(name: string, files: Files): Promise<JourneyApp>;
  /** Creates an app, pushes the files, and returns when they serve. */
  deployApp(name: string, files: Files): Promise<JourneyApp>;
  /** Stops the platform, and removes its home and the person's. Throws when it did not stop in good order. */
  end(): Promise<void>;
}

/** An app of the journey, seen from its folder. */
export interface JourneyApp {
  readonly name: string;
  readonly folder: string;
  heroku(...args: string[]): Promise<CommandResult>;
  /** Runs a command that must succeed, and returns what it printed to standard output. */
  printed(...args: string[]): Promise<string>;
  git(...args: string[]): Promise<CommandResult>;
  /** Changes files and commits; returns the commit. */
  commit(files: Files, message?: string): Promise<string>;
  /** Pushes `main`; throws with all that was said when it is refused. */
  push(): Promise<CommandResult>;
  page(path?: string, headers?: Readonly<Record<string, string>>): Promise<Visit>;
  /** Waits until the page holds the text. */
  pageSays(text: string, ms?: number): Promise<Visit>;
  /** The lines of `heroku logs`, up to 1,500. */
  logLines(...args: string[]): Promise<readonly string[]>;
  /** Waits until a line of the log matches. */
  logSays(pattern: RegExp, ms?: number): Promise<string>;
}

/** Starts a platform in a fresh home and sits a logged-in person down at it. */
export async function setOut(options: StartOptions = {}): Promise<Journey> {
  const platform = await takeOwnAccess(await startPlatform(options));
  const person = await sitDown(platform, { logIn: true });
  return joinJourney(platform, person);
}

/** The same for a platform that runs and a person who is there. */
export function joinJourney(platform: RunningPlatform, person: Person): Journey {
  const api: Journey["api"] = (method, path, body) =>
    callApi({ platform, token: platform.access.token }, method, path, body);
  const tried = new Set<string>();
  const makeApp: Journey["makeApp"] = async (name, files) => {
    // A test that is tried again begins anew.
    if (tried.has(name)) {
      await api("DELETE", `/apps/${name}`);
      rmSync(join(person.home, name), { recursive: true, force: true });
    }
    tried.add(name);
    const folder = await makeAppFolder(person, name, files);
    const app = openApp(platform, person, { name, folder });
    await granted(api)("POST", "/apps", { name });
    // By the host the person is pointed at, as the client does: an installation tells its own.
    await app.git("remote", "add", "heroku", `https://localhost:${platform.apiPort}/${name}.git`);
    return app;
  };
  return {
    platform,
    person,
    api,
    makeApp,
    deployApp: async (name, files) => {
      const app = await makeApp(name, files);
      await app.push();
      return app;
    },
    end: async () => {
      const code = await platform.stop();
      person.leave();
      removeHome(platform.home);
      if (code !== 0) throw new Error(`npm start ended with ${code}:\n${platform.output()}`);
    },
  };
}

/** An app that is there, from a folder. */
export function openApp(
  platform: RunningPlatform,
  person: Person,
  { name, folder }: { name: string; folder: string },
): JourneyApp {
  const heroku: JourneyApp["heroku"] = (...args) => person.heroku(args, { cwd: folder });
  const git: JourneyApp["git"] = (...args) => person.git(args, { cwd: folder });
  const page: JourneyApp["page"] = (path, headers) =>
    visit(platform.routerPort, `${name}.localhost`, path, headers);
  const logLines: JourneyApp["logLines"] = async (...args) =>
    (await must(person.heroku(["logs", "-a", name, "--num", "1500", ...args]))).stdout.split("\n");
  return {
    name,
    folder,
    heroku,
    git,
    page,
    logLines,
    printed: async (...args) => (await must(heroku(...args))).stdout,
    commit: async (files, message = "Change") => {
      writeFiles(folder, files);
      return await commitAll(person, folder, message);
    },
    push: async () => await must(git("push", "heroku", "main")),
    pageSays: async (text, ms) => {
      let last: Visit | undefined;
      const look = async () => {
        last = await page();
        return last.body.includes(text) && last;
      };
      return await waitUntil(`a page with "${text}"`, look, { ms, instead: () => last?.body });
    },
    logSays: async (pattern, ms) => {
      let lines: readonly string[] = [];
      const match = (line: string) => pattern.test(line);
      // The client takes a second of a processor to print them, so it is asked when the line is there.
      const look = async () => {
        lines = (await readLog(platform, name)).split("\n");
        if (!lines.some(match)) return undefined;
        lines = await logLines();
        return lines.find(match);
      };
      return await waitUntil(`a log line like ${pattern}`, look, {
        ms,
        instead: () => lines.slice(-15).join("\n"),
      });
    },
  };
}

async function must(work: Promise<CommandResult>): Promise<CommandResult> {
  const result = await work;
  if (result.code !== 0) throw new Error(`exit status ${result.code}:\n${result.all}`);
  return result;
}
