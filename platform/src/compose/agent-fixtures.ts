import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type LocalPeer, startLocalServer } from "../drivers/embedded/local/index.ts";
import { logRoutes, makeLogClient, makeStreamClient, openLogStore } from "../drivers/embedded/logs/index.ts";
import type { KubeClient } from "../drivers/kubernetes/client/index.ts";
import { startLogAgent } from "../drivers/kubernetes/logs/index.ts";
import { startMemoryWatch } from "../drivers/kubernetes/memory/index.ts";
import { type Logger, type Running, silentLogger, systemClock } from "../kernel/index.ts";
import { formatLines } from "../observe/log/index.ts";

/** A log role without its TLS: the store and its calls. */
export interface TestLogRole extends Running {
  readonly peer: LocalPeer;
  readonly folder: string;
  /** The newest 10,000 lines of the app's log, without their times. */
  read(appId: string): Promise<string[]>;
  /** The newest one. */
  last(appId: string): Promise<string | undefined>;
  /** The messages that come from now on. */
  tail(appId: string, signal: AbortSignal): AsyncGenerator<string>;
}

export async function startTestLogRole(logger: Logger = silentLogger): Promise<TestLogRole> {
  const folder = mkdtempSync(join(tmpdir(), "conifer-log-role-"));
  const role = await serveTestLogs(folder, logger);
  return {
    ...viewTestLogs(folder),
    stop: async () => {
      await role.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function peerIn(folder: string): LocalPeer {
  return { socketPath: join(folder, "logs.sock"), secret: "test-secret" };
}

/** Runs the store in a folder, which may hold one already. */
export async function serveTestLogs(folder: string, logger: Logger): Promise<Running> {
  const socket = { socketPath: join(folder, "logs.sock"), secret: "test-secret" };
  const store = openLogStore({ folder: join(folder, "logs"), now: systemClock, logger });
  const server = await startLocalServer({ ...socket, routes: [logRoutes(store)], logger });
  return {
    stop: async () => {
      await server.stop();
      await store.stop();
    },
  };
}

/** The log role that another process runs in a folder. */
export function viewTestLogs(folder: string): Omit<TestLogRole, "stop"> {
  const peer = peerIn(folder);
  const { reader } = makeLogClient({ peer, now: systemClock, logger: silentLogger });
  const read = async (appId: string, range: { readonly lines: number; readonly after?: number }) => {
    const query = { appId, filter: {}, tail: false, ...range };
    const found = await Array.fromAsync(reader.read(query, new AbortController().signal));
    return found.map((line) => formatLines([line]).slice("2026-01-02T03:04:05.678000+00:00 ".length, -1));
  };
  return {
    peer,
    folder,
    read: (appId) => read(appId, { lines: 1_500, after: 0 }),
    async *tail(appId, signal) {
      const query = { appId, filter: {}, lines: 0, tail: true };
      for await (const { message } of reader.read(query, signal)) yield message;
    },
    last: async (appId) => (await read(appId, { lines: 1 })).at(-1),
  };
}

/** The nodes of the development cluster, and where each keeps its pods' output on this machine. */
export function nodesOfCluster(kubeconfig: string): { readonly node: string; readonly podLogs: string }[] {
  const cluster = dirname(kubeconfig);
  return readdirSync(cluster)
    .filter((name) => /^node\d+$/.test(name))
    .map((node) => ({ node, podLogs: join(cluster, node, "log", "pods") }));
}

export interface TestAgentOptions {
  readonly client: Pick<KubeClient, "list" | "stream">;
  readonly namespace: string;
  readonly node: string;
  readonly podLogs: string;
  readonly state: string;
  readonly peer: LocalPeer;
}

/** The parts of an agent as the role joins them; nodes of the development cluster have this machine's cgroups. */
export async function startTestAgent({ peer, ...options }: TestAgentOptions): Promise<Running> {
  const common = { logger: silentLogger, now: systemClock };
  const { sink } = makeLogClient({ peer, ...common });
  const memory = startMemoryWatch({ cgroups: "/sys/fs/cgroup", logs: sink, ...common });
  const agent = await startLogAgent({
    ...options,
    streams: makeStreamClient(peer),
    logger: silentLogger,
    nowMs: Date.now,
    alsoTell: memory.pods,
  });
  return {
    stop: async () => {
      await agent.stop();
      await memory.stop();
      await sink.stop();
    },
  };
}
