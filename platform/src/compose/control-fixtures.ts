import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAccount } from "../accounts/identity/index.ts";
import { createAuthorization } from "../accounts/token/index.ts";
import { type EmbeddedPostgres, startPostgres } from "../drivers/embedded/postgres/index.ts";
import { type Logger, newId, silentLogger, systemClock } from "../kernel/index.ts";
import { readConfig } from "./config.ts";
import { openApi } from "./control-api.ts";
import { makeControlContext } from "./control-context.ts";
import { type ControlPorts, openControlEngine } from "./control-engine.ts";
import { startControlEvents } from "./control-events.ts";
import { openStore } from "./control-store.ts";
import { type ControlWorkers, startControlWorkers } from "./control-workers.ts";
import { ensureMasterKey } from "./master-key.ts";

/** A control plane on a real PostgreSQL, with scripted ports, for tests. */
export type TestControl = Awaited<ReturnType<typeof startTestControl>>;

export interface TestControlOptions {
  readonly ports: ControlPorts;
  /** Also run the reconcilers and event readers. Default: only the API. */
  readonly workers?: boolean;
  /** Settings beside the home and the port. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly logger?: Logger;
  /** Say of images what they are, as they stand in the store. Default: builders are scripted, and there are none. */
  readonly attests?: boolean;
}

export async function startTestControl(options: TestControlOptions) {
  const { ports, workers: withWorkers = false, logger = silentLogger } = options;
  const folder = mkdtempSync(join(tmpdir(), "conifer-control-"));
  let postgres = await startTestPostgres(folder);
  const config = readConfig({
    CONIFER_HOME: join(folder, "home"),
    CONIFER_PORT: "16400",
    CONIFER_RATE_LIMIT: "100000",
    ...options.environment,
  });
  for (const path of [config.home.run, config.home.keys, config.home.state])
    mkdirSync(path, { recursive: true, mode: 0o700 });
  writeFileSync(config.home.secretFile, randomBytes(16).toString("hex"), { mode: 0o600 });
  ensureMasterKey(config.home);
  const database = await openStore(postgres.url, logger);
  const context = makeControlContext(config, database, logger);
  let workers: ControlWorkers | undefined;
  const opened = await openControlEngine(context, ports, (...news) => workers?.dynosChanged(...news));
  const engine = options.attests ? opened : { ...opened, attest: async () => async () => {} };
  if (withWorkers) workers = startControlWorkers(context, engine);
  const events = withWorkers ? await startControlEvents(context, engine, () => workers) : undefined;
  const makeServer = (options: object, handler: Parameters<typeof createServer>[1]) =>
    createServer(options, handler);
  const api = await openApi(context, engine, { makeServer }, []);
  return {
    context,
    engine,
    api,
    account: (email: string) => makeTestAccount(context, email),
    call: makeCall(api),
    /** The PostgreSQL below: stopped and started again in tests of what happens meanwhile. */
    store: {
      stop: () => postgres.stop(),
      start: async () => {
        postgres = await startTestPostgres(folder);
      },
    },
    stop: async () => {
      await events?.stop();
      await workers?.stop();
      await engine.watch.stop();
      await engine.git.stop();
      await context.logs.sink.stop();
      await api.close();
      await database.close();
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startTestPostgres(folder: string): Promise<EmbeddedPostgres> {
  const options = {
    dataDir: join(folder, "postgres"),
    socketDir: join(folder, "pg"),
    passwordFile: join(folder, "password"),
    copyTo: join(folder, "copy"),
  };
  return await startPostgres({ ...options, log: () => {}, logger: silentLogger });
}

async function makeTestAccount(context: Parameters<typeof createAccount>[1], email: string) {
  const deps = { db: context.db, clock: systemClock, newId };
  const password = randomBytes(12).toString("hex");
  const { id } = await createAccount({ email, password }, deps);
  const { token } = await createAuthorization({ accountId: id, description: "test" }, deps);
  return { id, email, password, token };
}

export interface TestAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any;
  readonly text: string;
}

export interface TestCallOptions {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly variant?: string;
}

function makeCall(api: Awaited<ReturnType<typeof openApi>>) {
  return async (route: string, options: TestCallOptions = {}): Promise<TestAnswer> => {
    const [method = "GET", url = "/"] = route.split(" ");
    const answer = await api.inject({
      method: method as "GET",
      url,
      headers: {
        accept: `application/vnd.heroku+json; version=${options.variant ?? "3"}`,
        ...(options.token ? { authorization: `Bearer ${options.token}` } : {}),
        ...(options.body === undefined ? {} : { "content-type": "application/json" }),
        ...options.headers,
      },
      ...(options.body === undefined ? {} : { payload: JSON.stringify(options.body) }),
    });
    const text = answer.body;
    const json = text !== "" && String(answer.headers["content-type"]).includes("json");
    return {
      status: answer.statusCode,
      headers: answer.headers,
      text,
      body: json ? JSON.parse(text) : undefined,
    };
  };
}
