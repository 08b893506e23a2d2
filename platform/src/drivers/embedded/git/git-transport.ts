import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex, Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import type { GitCall, GitTransport } from "../../../delivery/source/index.ts";
import { BusinessError, type Logger, pause, type Running } from "../../../kernel/index.ts";
import { splitCgi } from "./cgi-response.ts";
import { collectStderr, type GitSettings, gitEnvironment } from "./git-command.ts";
import { ensureRepository, repositoryPath } from "./git-repositories.ts";
import { explainPackLimit } from "./pack-limit.ts";
import { FLUSH_PKT } from "./pkt-line.ts";
import { type PushTicket, startPushListener } from "./push-listener.ts";
import { recordShallowRoots, withoutShallowLines } from "./shallow-roots.ts";

export interface GitTransportOptions {
  readonly settings: GitSettings;
  /** Where the hooks of pushes call; a path of its own under `CONIFER_HOME/run`. */
  readonly socketPath: string;
  readonly logger: Logger;
  /** A connection on which nothing moves for so long is given up. Default 2 minutes; git sends a sign every 5 s. */
  readonly idleMs?: number;
  /** Longest time a client may take to send its request. Default 1 hour. */
  readonly uploadMs?: number;
  /** Git requests served at the same time. Default 64. */
  readonly concurrent?: number;
}

/** Time between SIGTERM, on which git removes its temporary files, and SIGKILL. */
const KILL_AFTER_MS = 3_000;

/** Runs `git http-backend` as a CGI program (git-http-backend(1), RFC 3875) for each request. */
export async function startGitTransport(options: GitTransportOptions): Promise<GitTransport & Running> {
  const listener = await startPushListener(options);
  const serving = new Map<ChildProcess, Promise<void>>();
  let stopping = false;
  const serve = async (call: GitCall, request: IncomingMessage, response: ServerResponse) => {
    if (serving.size >= (options.concurrent ?? 64)) {
      throw new BusinessError("unavailable", "Too many git operations are running. Try again in a moment.");
    }
    await ensureRepository(options.settings, call.appId);
    if (stopping) throw new BusinessError("unavailable", "Conifer is stopping. Try again in a moment.");
    const ticket = listener.open(call.receive);
    const child = spawnBackend(
      options.settings,
      cgiVariables(call, request, { ticket, path: listener.socketPath }),
    );
    const served = exchange(child, { call, request, response, options }).finally(() => {
      ticket.close();
      serving.delete(child);
    });
    serving.set(child, served);
    await served;
  };
  return {
    serve,
    stop: async () => {
      stopping = true;
      await listener.stop();
      await pause(serving.size > 0 ? 200 : 0);
      for (const child of serving.keys()) killGroup(child);
      await Promise.allSettled(serving.values());
    },
  };
}

function spawnBackend(settings: GitSettings, variables: Record<string, string>): ChildProcess {
  return spawn("git", ["http-backend"], {
    cwd: settings.folder,
    env: {
      ...gitEnvironment(settings),
      GIT_PROJECT_ROOT: settings.folder,
      GIT_HTTP_EXPORT_ALL: "1",
      ...variables,
    },
    stdio: ["pipe", "pipe", "pipe"],
    // A group of its own, so that everything git starts can be ended together.
    detached: true,
  });
}

function cgiVariables(
  call: GitCall,
  request: IncomingMessage,
  push: { ticket: PushTicket; path: string },
): Record<string, string> {
  const given = (name: string, value: string | undefined) => (value === undefined ? {} : { [name]: value });
  const { headers } = request;
  return {
    REQUEST_METHOD: request.method ?? "GET",
    PATH_INFO: `/${call.appId}.git${call.path}`,
    QUERY_STRING: new URL(request.url ?? "/", "http://git").search.slice(1),
    REMOTE_USER: call.user,
    REMOTE_ADDR: request.socket.remoteAddress ?? "",
    CONIFER_PUSH_SOCKET: push.path,
    CONIFER_PUSH_TOKEN: push.ticket.token,
    ...given("CONTENT_TYPE", headers["content-type"]),
    // A push's body is changed on its way and has no known length.
    ...(isPush(call) ? {} : given("CONTENT_LENGTH", headers["content-length"])),
    ...(isPush(call) ? {} : given("HTTP_CONTENT_ENCODING", headers["content-encoding"])),
    ...given("GIT_PROTOCOL", headers["git-protocol"]?.toString()),
  };
}

interface Exchange {
  readonly call: GitCall;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly options: GitTransportOptions;
}

async function exchange(child: ChildProcess, { call, request, response, options }: Exchange): Promise<void> {
  const stderr = collectStderr(child);
  const kill = () => killGroup(child);
  const exited = once(child, "exit").catch((cause) => {
    throw new Error("git could not be run", { cause });
  });
  const uploadLimit = setTimeout(() => request.complete || kill(), options.uploadMs ?? 3_600_000);
  response.setTimeout(options.idleMs ?? 120_000, () => response.destroy());
  response.once("close", kill);
  feed(request, bodyFilters(call, request, options.settings), child.stdin as Writable);
  const body = splitCgi(({ status, headers }) => {
    response.writeHead(status, headers);
    response.flushHeaders();
  });
  const ending = watchEnding(body);
  try {
    const stages = isPush(call) ? [body, explainPackLimit(options.settings.maxPackBytes)] : [body];
    const passed = pipeline([child.stdout as Readable, ...stages, response], { end: false });
    const [, [code]] = await Promise.all([passed, exited]);
    // A response that ends in good order without git's last packet would leave the client waiting for it.
    if (code !== 0 && !ending().endsWith(FLUSH_PKT)) throw new Error(`git http-backend exited with ${code}`);
    response.end();
  } catch (cause) {
    if (!response.headersSent && !response.destroyed)
      throw new Error(`git http-backend failed: ${stderr()}`, { cause });
    options.logger.info("git request broke off", { app: call.appId, error: cause, stderr: stderr() });
    response.destroy();
  } finally {
    clearTimeout(uploadLimit);
    response.off("close", kill);
    response.setTimeout(0);
    kill();
  }
}

/** The last four bytes that passed. */
function watchEnding(stream: Readable): () => string {
  let last = Buffer.alloc(0);
  stream.on("data", (chunk: Buffer) => {
    last = Buffer.concat([last, chunk.subarray(-4)]).subarray(-4);
  });
  return () => last.toString("latin1");
}

function isPush({ path }: GitCall): boolean {
  return path === "/git-receive-pack";
}

/** What a push's body goes through before git gets it. */
function bodyFilters(call: GitCall, request: IncomingMessage, settings: GitSettings): Duplex[] {
  if (!isPush(call)) return [];
  const repository = repositoryPath(settings, call.appId);
  const strip = withoutShallowLines((roots) => recordShallowRoots(settings, repository, roots));
  return /^(x-)?gzip$/i.test(request.headers["content-encoding"] ?? "") ? [createGunzip(), strip] : [strip];
}

/** Passes the request's body on, and reads on when git has stopped listening: its report is then on the way. */
function feed(request: IncomingMessage, filters: readonly Duplex[], stdin: Writable): void {
  const stages = [...filters, stdin];
  const [first] = stages as [Writable];
  const giveUp = () => {
    request.unpipe(first);
    request.resume();
    for (const stage of stages) stage.destroy();
  };
  for (const [i, stage] of stages.entries()) {
    stage.on("error", giveUp);
    if (i > 0) (stages[i - 1] as Duplex).pipe(stage);
  }
  request.once("close", () => request.complete || giveUp());
  request.pipe(first);
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  const signalGroup = (signal: NodeJS.Signals) => {
    try {
      process.kill(-(child.pid as number), signal);
      return true;
    } catch {
      return false;
    }
  };
  if (signalGroup("SIGTERM")) setTimeout(() => signalGroup("SIGKILL"), KILL_AFTER_MS).unref();
}
