import { startJobs } from "../drivers/postgres/jobs/index.ts";
import { startEventFeed } from "../drivers/postgres/outbox/index.ts";
import type { DomainEvent, Running } from "../kernel/index.ts";
import { apiLogLines } from "../observe/log/index.ts";
import type { ControlContext } from "./control-context.ts";
import type { WorkerEngine } from "./control-engine.ts";
import { LOAD_ADVISORIES, makeJobKinds } from "./control-jobs.ts";
import type { ControlWorkers } from "./control-workers.ts";

/** How often readers look for events without a hint. */
const POLL_MS = 5_000;

/** The event readers, the hints to the workers, and the durable jobs. */
export async function startControlEvents(
  context: ControlContext,
  engine: WorkerEngine,
  workers: () => ControlWorkers | undefined,
): Promise<Running> {
  const { database, logger } = context;
  const jobs = await startJobs({ database, kinds: makeJobKinds(context, engine), logger });
  if (context.config.advisories !== undefined) await jobs.send(LOAD_ADVISORIES, {});
  const log = {
    name: "log",
    handle: async (event: DomainEvent) => {
      context.meter.add("conifer_events_total", { kind: event.kind });
      for (const line of apiLogLines(event)) context.logs.sink.write(line);
    },
  };
  const cleanUp = {
    name: "clean-up",
    handle: async (event: DomainEvent) => {
      if (event.kind === "app.deleted") await jobs.send("remove-app", { appId: event.appId }, event.appId);
    },
  };
  const feed = await startEventFeed({
    database,
    logger,
    pollMs: POLL_MS,
    readers: [log, cleanUp],
    mayRead: async () => (await context.claim("events")) !== undefined,
    onHint: (...hint) => workers()?.hint(...hint),
    onListening: () => workers()?.relist(),
  });
  return {
    stop: async () => {
      await feed.stop();
      await jobs.stop();
    },
  };
}
