import { mkdirSync } from "node:fs";
import { repositoryRoutes } from "../drivers/embedded/git/index.ts";
import { makeLogClient } from "../drivers/embedded/logs/index.ts";
import { makeOutputFiles, outputRoutes } from "../drivers/embedded/outputs/index.ts";
import { sourceRoutes } from "../drivers/embedded/sources/index.ts";
import type { RawHandler } from "../http/index.ts";
import { type Logger, startParts, systemClock } from "../kernel/index.ts";
import { silentTracer, type Tracer } from "../observe/trace/index.ts";
import { clusterPeer, startRoleServer } from "./cluster-peers.ts";
import type { Config } from "./config.ts";
import { makeControlContext } from "./control-context.ts";
import { openControlFiles } from "./control-engine.ts";
import { fileHandlers } from "./control-raw.ts";
import { requireStore } from "./control-store.ts";
import { databaseCheck, diskCheck } from "./role-checks.ts";
import type { RunningRole } from "./run-role.ts";

const STOP_WITHIN_MS = 15_000;

export interface FilesProcessOptions {
  /** Default: where other roles expect it. */
  readonly port?: number;
  /** Default: nothing is traced. */
  readonly tracer?: Tracer;
}

/** The files role: repositories, sources and outputs on its volume. Clients' requests for them come from the API. */
export async function startFiles(
  config: Config,
  logger: Logger,
  { port, tracer = silentTracer }: FilesProcessOptions = {},
): Promise<RunningRole> {
  const { home } = config;
  mkdirSync(home.run, { recursive: true, mode: 0o700 });
  const database = await requireStore(config, logger);
  const context = makeControlContext(config, database, logger, {
    logs: makeLogClient({ peer: clusterPeer("logs", config), now: systemClock, logger }),
    outputs: makeOutputFiles(`${home.state}/outputs`),
    holder: config.podName,
    tracer,
  });
  const files = await openControlFiles(context);
  const stopping = new AbortController();
  const parts = [
    { name: "the database", start: async () => ({ stop: () => database.close() }) },
    { name: "the log client", start: async () => context.logs.sink },
    {
      name: "the server",
      start: () =>
        startRoleServer({
          ...{ config, logger, port, tracer },
          routes: [outputRoutes(context.outputs), repositoryRoutes(files.repositories), sourceRoutes(files)],
          passedOn: answerBy(fileHandlers(context, files, stopping.signal)),
        }),
    },
  ];
  const running = await startParts(parts, STOP_WITHIN_MS);
  return {
    checks: [databaseCheck(database), diskCheck(home.git)],
    stop: async () => {
      stopping.abort();
      await files.git.stop();
      await running.stop();
    },
  };
}

/** The first handler that knows the path answers. */
function answerBy(handlers: readonly RawHandler[]): RawHandler {
  return async (request, response) => {
    for (const handle of handlers) if (await handle(request, response)) return true;
    request.resume();
    response.writeHead(404, { "content-type": "text/plain" }).end("There is nothing here.\n");
    return false;
  };
}
