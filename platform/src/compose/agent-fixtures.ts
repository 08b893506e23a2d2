import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type LocalPeer, startLocalServer } from "../drivers/embedded/local/index.ts";
import { logRoutes, makeLogClient, makeStreamClient, openLogStore } from "../drivers/embedded/logs/index.ts";
import type { KubeClient } from "../drivers/kubernetes/client/index.ts";
import { startLogAgent } from "../drivers/kubernetes/logs/index.ts";
import { type Logger, type Running, silentLogger, systemClock } from "../kernel/index.ts";
import { formatLines } from "../observe/log/index.ts";

/** A log role without its TLS: the store and its calls. */
export interface TestLogRole extends Running {
  readonly peer: LocalPeer;
  readonly folder: string;
  /** The app's log, lines without their times. */
  read(appId: string, lines?: number): Promise<string[]>;
}

export async function startTestLogRole(logger: Logger = silentLogger): Promise<TestLogRole> {
  const folder = mkdtempSync(join(tmpdir(), "conifer-log-role-"));
  const peer = { socketPath: join(folder, "logs.sock"), secret: "test-secret" };
  const store = openLogStore({ folder: join(folder, "logs"), now: systemClock, logger });
  const server = await startLocalServer({ ...peer, routes: [logRoutes(store)], logger });
  const { reader } = makeLogClient({ peer, now: systemClock, logger });
  return {
    peer,
    folder,
    read: async (appId, lines = 1_500) => {
      const query = { appId, filter: {}, lines, tail: false };
      const found = await Array.fromAsync(reader.read(query, new AbortController().signal));
      return found.map((line) => formatLines([line]).slice("2026-01-02T03:04:05.678000+00:00 ".length, -1));
    },
    stop: async () => {
      await server.stop();
      await store.stop();
      rmSync(folder, { recursive: true, force: true });
    },
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

export function startTestAgent({ peer, ...options }: TestAgentOptions): Promise<Running> {
  return startLogAgent({
    ...options,
    streams: makeStreamClient(peer),
    logger: silentLogger,
    nowMs: Date.now,
  });
}
