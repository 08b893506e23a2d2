import { execFile } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { errorText, pause } from "../kernel/index.ts";
import type { Access } from "./access-file.ts";

export interface ExampleApp {
  readonly access: Access;
  /** The app's name, and that of its folder below `examples/`. */
  readonly name: string;
  readonly folder: string;
}

/** Where a browser finds the app. */
export function exampleAddress({ access, name }: ExampleApp): string {
  const router = new URL(access.router);
  return `http://${name}.${access.domain}:${router.port}/`;
}

/** Makes the app if it is not there, and pushes the folder as one commit. The same files make the same commit. */
export async function deployExample(app: ExampleApp): Promise<string> {
  await makeApp(app);
  const copy = await mkdtemp(join(tmpdir(), "conifer-dev-"));
  try {
    await cp(app.folder, copy, {
      recursive: true,
      filter: (path) => !/\/(?:node_modules|\.git)$/.test(path),
    });
    const git = (...args: string[]) => runGit(copy, args, app.access);
    await git("init", "--quiet", "--initial-branch=main");
    await git("add", "--all");
    await git("commit", "--quiet", "--message", "The example as it is");
    return await git("push", "--force", `${app.access.api}/${app.name}.git`, "main");
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

const FIXED_AUTHOR = {
  GIT_AUTHOR_NAME: "Conifer",
  GIT_AUTHOR_EMAIL: "dev@conifer.localhost",
  GIT_AUTHOR_DATE: "2026-01-01T00:00:00Z",
  GIT_COMMITTER_NAME: "Conifer",
  GIT_COMMITTER_EMAIL: "dev@conifer.localhost",
  GIT_COMMITTER_DATE: "2026-01-01T00:00:00Z",
  GIT_CONFIG_GLOBAL: "/dev/null",
};

/** The credential goes by the environment: an argument would show it to everybody on the machine. */
async function runGit(cwd: string, args: readonly string[], access: Access): Promise<string> {
  const basic = Buffer.from(`:${access.token}`).toString("base64");
  const credential = {
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: `http.${access.api}/.extraHeader`,
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}`,
    GIT_TERMINAL_PROMPT: "0",
  };
  const env = { ...process.env, ...FIXED_AUTHOR, ...credential };
  const { stdout, stderr } = await promisify(execFile)("git", args, {
    cwd,
    env,
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout + stderr;
}

async function makeApp({ access, name }: ExampleApp): Promise<void> {
  if ((await call(access, `GET /apps/${name}`)).ok) return;
  const made = await call(access, "POST /apps", { body: { name } });
  if (!made.ok) throw new Error(`the example app could not be made: ${await made.text()}`);
}

interface CallOptions {
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** `route` is a method and a path, such as `GET /apps/hello`. */
function call(access: Access, route: string, { body, signal }: CallOptions = {}): Promise<Response> {
  const [method = "GET", path = "/"] = route.split(" ");
  return fetch(`${access.api}${path}`, {
    method,
    signal: signal ?? null,
    headers: {
      accept: "application/vnd.heroku+json; version=3",
      authorization: `Bearer ${access.token}`,
      "content-type": "application/json",
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** Prints the app's log as it comes, until the signal; a connection that breaks (a reload) is opened again. */
export async function followExample(
  app: ExampleApp,
  print: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let lines = 20; !signal.aborted; lines = 0) {
    try {
      const body = { tail: true, lines };
      const session = await call(app.access, `POST /apps/${app.name}/log-sessions`, { body, signal });
      const { logplex_url: url } = (await session.json()) as { logplex_url: string };
      const stream = await fetch(url, { signal });
      for await (const chunk of stream.body ?? []) print(Buffer.from(chunk).toString("utf8"));
    } catch (thrown) {
      if (!signal.aborted) print(`(the log broke off: ${errorText(thrown)})\n`);
    }
    await pause(1_000, signal);
  }
}
