import { execFile, spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  type GitHandlerDependencies,
  makeGitHandler,
  makeReceivePush,
} from "../../../delivery/source/index.ts";
import { ann, scriptedBuilds } from "../../../delivery/source/source-fixtures.ts";
import { fakeSourceStore } from "../../../delivery/source/source-store-fake.ts";
import { silentLogger } from "../../../kernel/index.ts";
import { type GitFolderOptions, prepareGitFolder } from "./git-folder.ts";
import { makeGitRepositories } from "./git-repositories.ts";
import { type GitTransportOptions, startGitTransport } from "./git-transport.ts";

export const APP = { id: "5b1e6f0e-7c1f-4a52-9d2a-8a2f4c6d7e01", name: "sushi" };
export const TOKEN = "HRKU-token";

export interface RigOptions {
  readonly folder?: Partial<GitFolderOptions>;
  readonly transport?: Partial<GitTransportOptions>;
  readonly handler?: Partial<GitHandlerDependencies>;
}

/** A node http server with the git handler before scripted builds, in a folder of its own. */
export async function startGitRig(options: RigOptions = {}) {
  const root = await mkdtemp(join(tmpdir(), "conifer-git-"));
  const path = process.env.PATH ?? "/usr/bin:/bin";
  const settings = await prepareGitFolder({
    folder: join(root, "git"),
    nodePath: process.execPath,
    path,
    ...options.folder,
  });
  const repositories = makeGitRepositories(settings);
  const sources = fakeSourceStore();
  const scripted = scriptedBuilds(async (appId, ref, to) =>
    repositories.moveRef(appId, ref, { from: await repositories.readRef(appId, ref), to }),
  );
  const transport = await startGitTransport({
    settings,
    socketPath: join(root, "git.sock"),
    logger: silentLogger,
    ...options.transport,
  });
  const receivePush = makeReceivePush({ repositories, sources, logger: silentLogger, ...scripted });
  const handler = makeGitHandler({
    authenticate: async (_user, password) => (password === TOKEN ? ann : undefined),
    resolveApp: async (name) => (name === APP.name ? APP : name === "readonly" ? "forbidden" : "not_found"),
    transport,
    receivePush,
    logger: silentLogger,
    ...options.handler,
  });
  const server = createServer((request, response) => {
    void handler(request, response).then((taken) => taken || response.writeHead(418).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    root,
    settings,
    repositories,
    sources,
    builds: scripted.builds,
    transport,
    url: (app = APP.name, token = TOKEN) => `http://ann:${token}@127.0.0.1:${portOf(server)}/${app}.git`,
    origin: `http://127.0.0.1:${portOf(server)}`,
    stop: async () => {
      await transport.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(root, { recursive: true, force: true });
    },
  };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** The environment of a person's git: no configuration of this machine's, and a name for commits. */
function clientEnvironment(): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: "/nonexistent",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    GIT_AUTHOR_NAME: "Ann",
    GIT_AUTHOR_EMAIL: "ann@example.com",
    GIT_COMMITTER_NAME: "Ann",
    GIT_COMMITTER_EMAIL: "ann@example.com",
  };
}

/** Runs a person's git and returns what it printed. */
export async function git(cwd: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("git", args, { cwd, env: clientEnvironment() });
  return stdout.trim();
}

/** Starts a push; `text` grows as git prints, `ended` resolves with the exit status. */
export function startPush(cwd: string, ...args: string[]) {
  const child = spawn("git", ["push", ...args], {
    cwd,
    env: clientEnvironment(),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const push = { text: "", pid: child.pid ?? 0, ended: Promise.resolve<number | null>(null) };
  const collect = (chunk: Buffer) => {
    push.text += chunk.toString();
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  push.ended = new Promise((resolve) => child.once("close", resolve));
  return push;
}

export async function commitFile(cwd: string, name: string, content: string, message: string): Promise<void> {
  await writeFile(join(cwd, name), content);
  await git(cwd, "add", name);
  await git(cwd, "commit", "--quiet", `--message=${message}`);
}

/** True while a process on this machine has the text in its environment, as the git processes of a rig have its folder. */
export async function isAlive(text: string): Promise<boolean> {
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid) || pid === String(process.pid)) continue;
    const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
    if (environment.includes(text)) return true;
  }
  return false;
}
