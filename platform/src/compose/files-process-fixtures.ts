import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createAccount } from "../accounts/identity/index.ts";
import { createAuthorization } from "../accounts/token/index.ts";
import { type BuildScript, makeFakeBuilder } from "../delivery/build/builder-fake.ts";
import type { Builder } from "../delivery/build/index.ts";
import { makeRepositoryClient } from "../drivers/embedded/git/index.ts";
import type { RemotePeer } from "../drivers/embedded/local/index.ts";
import { makeLogClient } from "../drivers/embedded/logs/index.ts";
import { makeOutputClient } from "../drivers/embedded/outputs/index.ts";
import { makeSourceClient } from "../drivers/embedded/sources/index.ts";
import { newId, type Running, silentLogger, systemClock } from "../kernel/index.ts";
import { silentTracer, type Tracer } from "../observe/trace/index.ts";
import { makeFakeDynoHost } from "../runtime/dyno/dyno-host-fake.ts";
import { forwardToFiles } from "./cluster-files.ts";
import { clusterPeer } from "./cluster-peers.ts";
import type { Config } from "./config.ts";
import { openApi } from "./control-api.ts";
import { makeControlContext } from "./control-context.ts";
import { openDynoSide } from "./control-engine.ts";
import { startControlEvents } from "./control-events.ts";
import { requireStore } from "./control-store.ts";
import { type ControlWorkers, startControlWorkers } from "./control-workers.ts";
import { traceRaw } from "./trace-work.ts";

/** An API and a worker that have no disk: all files are the other role's. */
export type TestOthers = Awaited<ReturnType<typeof startOthers>>;

export async function startOthers(config: Config, files: RemotePeer, tracer: Tracer = silentTracer) {
  const peer = { ...files, traceparent: tracer.traceparent };
  const database = await requireStore(config, silentLogger);
  const context = makeControlContext(config, database, silentLogger, {
    logs: makeLogClient({ peer: clusterPeer("logs", config), now: systemClock, logger: silentLogger }),
    outputs: makeOutputClient(files),
    holder: config.podName,
    tracer,
  });
  const host = makeFakeDynoHost({ now: systemClock });
  const fake = makeFakeBuilder();
  let script: BuildScript = { result: { kind: "failed", message: "No script.", exitCode: 1 } };
  const builder: Builder = {
    ...fake,
    build: (spec, signal) => {
      fake.script(spec.source, script);
      return fake.build(spec, signal);
    },
  };
  const sources = makeSourceClient(peer);
  let workers: ControlWorkers | undefined;
  const nothing = async () => {};
  const images = { read: () => Promise.reject(new Error("no images here")) };
  const engine = {
    ...openDynoSide(context, host, (...news) => workers?.dynosChanged(...news)),
    builder,
    repositories: makeRepositoryClient(peer),
    ...sources,
    attest: async () => nothing,
    images,
    rebases: { images, rebased: { keep: nothing, keepIndex: nothing }, attest: async () => nothing },
    pushed: { find: async () => undefined },
    collection: { collect: async () => true, forget: nothing },
    routes: {
      ...{ replace: nothing, put: nothing, remove: nothing },
      endpoints: async (appId: string) =>
        host
          .present()
          .filter((spec) => spec.appId === appId && spec.duty === "serve")
          .map(({ id, name }) => ({ dynoId: id, name, state: "up" as const })),
    },
  };
  workers = startControlWorkers(context, engine);
  const events = await startControlEvents(context, engine, () => workers);
  const makeServer = (options: object, handler: Parameters<typeof createServer>[1]) =>
    createServer(options, handler);
  const api = await openApi(context, engine, { makeServer }, []);
  const front = await startFront(peer, tracer);
  return {
    ...{ context, api, sources, front: front.origin, begun: fake.begun },
    /** How builds go from now on, of whatever source. */
    everyBuild: (next: BuildScript) => {
      script = next;
    },
    account: async (email: string) => {
      const deps = { db: context.db, clock: systemClock, newId };
      const { id } = await createAccount({ email, password: `password of ${email}` }, deps);
      return await createAuthorization({ accountId: id, description: "test" }, deps);
    },
    stop: async () => {
      await front.stop();
      await events.stop();
      await workers?.stop();
      await engine.watch.stop();
      await context.logs.sink.stop();
      await api.close();
      await database.close();
    },
  };
}

/** What clients reach of it: the API's port as far as it passes requests on. */
async function startFront(peer: RemotePeer, tracer: Tracer): Promise<Running & { readonly origin: string }> {
  const forward = traceRaw(tracer, forwardToFiles(peer, silentLogger));
  const server = createServer((request, response) => {
    void forward(request, response).then((taken) => taken || response.writeHead(418).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { origin: `127.0.0.1:${(server.address() as AddressInfo).port}`, stop };
}
