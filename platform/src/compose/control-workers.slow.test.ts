import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type FakeBuilder, makeFakeBuilder } from "../delivery/build/builder-fake.ts";
import { createBuild, followBuild } from "../delivery/build/index.ts";
import { imageInfo, releaseAnImage } from "../delivery/release/release-fixtures.ts";
import { takeClaim } from "../drivers/postgres/claims/index.ts";
import type { RouteTable } from "../edge/route/index.ts";
import { RoutingTable } from "../edge/table/routing-table.ts";
import type { LogLine, Running } from "../kernel/index.ts";
import { type FakeBehavior, type FakeDynoHost, makeFakeDynoHost } from "../runtime/dyno/dyno-host-fake.ts";
import type { DynoSpec } from "../runtime/dyno/index.ts";
import { LEASE_MS } from "./control-context.ts";
import { startControlEvents } from "./control-events.ts";
import { startTestControl, type TestControl } from "./control-fixtures.ts";
import { makeJobKinds } from "./control-jobs.ts";
import { startControlWorkers } from "./control-workers.ts";
import { idlePorts } from "./idle-ports-fixtures.ts";

let control: TestControl;
let host: FakeDynoHost;
let builder: FakeBuilder;
let table: RoutingTable;
let routerAway = false;
let owner: { id: string; email: string; token: string };
let app: { id: string; name: string };
let behavior: (spec: DynoSpec) => FakeBehavior;
let said: LogLine[];

/** Writes to the one table; knows where the dynos of this host are. */
const routesTo = (there: () => FakeDynoHost): RouteTable => ({
  replace: async (version, all) => void write({ kind: "replace", version, routes: all }),
  put: async (version, route) => void write({ kind: "put", version, route }),
  remove: async (version, appId) => void write({ kind: "remove", version, appId }),
  endpoints: async (appId) =>
    there()
      .present()
      .filter((spec) => spec.appId === appId && spec.duty === "serve")
      .map(({ id, name }) => ({ dynoId: id, name, state: "up" })),
});
function write(what: Parameters<RoutingTable["write"]>[0]) {
  if (routerAway) throw new Error("the router is away");
  table.write(what);
}

beforeAll(async () => {
  host = makeFakeDynoHost({ now: () => new Date(), behavior: (spec) => behavior(spec) });
  builder = makeFakeBuilder();
  table = new RoutingTable();
  control = await startTestControl({
    ports: { ...idlePorts(), host, builder, routes: routesTo(() => host) },
    workers: true,
  });
  vi.spyOn(control.context.logs.sink, "write").mockImplementation((line) => void said.push(line));
  owner = await control.account("owner@example.com");
});
afterAll(() => control.stop());
beforeEach(async () => {
  said = [];
  behavior = () => ({});
  app = (await control.call("POST /apps", { token: owner.token, body: {} })).body;
  builder.script("good", {
    output: ["-----> Building\n"],
    result: { kind: "succeeded", image: imageInfo({ web: "serve" }) },
  });
});
afterEach(() => {
  routerAway = false;
});

const call = (route: string, body?: unknown) => {
  const [method, path = ""] = route.split(" ");
  return control.call(`${method} /apps/${app.name}${path}`, {
    token: owner.token,
    ...(body === undefined ? {} : { body }),
  });
};
const accept = (source = "good") =>
  createBuild(
    {
      appId: app.id,
      actor: { id: owner.id, email: owner.email },
      sourceDigest: source,
      sourceVersion: "0123456789abcdef0123456789abcdef01234567",
    },
    control.context,
  );

/** A push to its end: what it shows, and with what it ends. */
async function push(source?: string) {
  const { id } = await accept(source);
  let text = "";
  for await (const news of followBuild(id, control.context, new AbortController().signal)) {
    if (news.kind === "output") text += news.text;
    else return { text, result: news, route: table.route(app.id) };
  }
  throw new Error("a push without a result");
}

const versions = async () =>
  (await call("GET /releases")).body.map(({ version }: { version: number }) => version).sort();

describe("a push", () => {
  test("ends when its dynos serve and the router knows the way", async () => {
    const { text, result, route } = await push();
    expect(text).toBe(
      `-----> Building\n-----> Launching...\n       Released v2\n       http://${app.name}.localhost:8080/ deployed to Conifer\n\nVerifying deploy... done.\n`,
    );
    expect(result).toEqual({ kind: "result", status: "succeeded", releaseVersion: 2 });
    expect(route).toMatchObject({ released: true, webQuantity: 1, hosts: [`${app.name}.localhost`] });
  });

  test("of the same code again replaces the dynos, and ends too", async () => {
    await push();
    const { text } = await push();
    expect(text).toContain("Released v3");
    expect(text).toContain("Verifying deploy... done.");
  });

  test("whose dynos do not start says why, and leaves the old ones serving", async () => {
    await push();
    behavior = ({ releaseVersion }) => (releaseVersion === 3 ? { exitCode: 7 } : {});
    const { text, result } = await push();
    expect(text).toContain(
      "Verifying deploy... failed.\n\n !     web.1 exited with status 7 while starting.",
    );
    expect(result).toMatchObject({ status: "succeeded", releaseVersion: 3 });
    const dynos = host.present().filter(({ appId }) => appId === app.id);
    expect(dynos.map(({ releaseVersion, state }) => [releaseVersion, state.kind])).toContainEqual([2, "up"]);
  });

  test("with a release command runs it first", async () => {
    builder.script("migrating", {
      result: { kind: "succeeded", image: imageInfo({ web: "serve", release: "migrate" }) },
    });
    behavior = ({ type }) => (type === "release" ? { exitCode: 0 } : {});
    const { text, result } = await push("migrating");
    expect(text).toContain("Release command detected: it runs before the new version.");
    expect(text).toContain("Verifying deploy... done.");
    expect(result).toMatchObject({ releaseVersion: 2 });
  });

  test("whose release command fails leaves everything as it was", async () => {
    await push();
    builder.script("migrating", {
      result: { kind: "succeeded", image: imageInfo({ web: "serve", release: "migrate" }) },
    });
    behavior = ({ type }) => (type === "release" ? { exitCode: 1 } : {});
    const { text } = await push("migrating");
    expect(text).toContain("Release command failed: v3 is not released");
    expect((await call("GET /releases/v2")).body.current).toBe(true);
    expect((await call("GET /dynos")).body).toMatchObject([{ release: { version: 2 }, state: "up" }]);
  });

  test("that takes longer than a claim lasts is told by one process alone", async () => {
    behavior = () => ({ listens: "never" });
    const claim = (subject: string) =>
      takeClaim(control.context.db, { subject, holder: "another", leaseMs: LEASE_MS });
    const { id } = await accept();
    const over = new AbortController();
    let text = "";
    const reading = (async () => {
      for await (const news of followBuild(id, control.context, over.signal))
        if (news.kind === "output") text += news.text;
    })().catch(() => {});
    await vi.waitFor(() => expect(text).toContain("Verifying deploy... "), 10_000);
    const another = startControlWorkers({ ...control.context, claim }, control.engine);
    try {
      const lapsed = Date.now() + LEASE_MS + 2_000;
      const isOver = () => {
        another.relist();
        expect(Date.now()).toBeGreaterThan(lapsed);
      };
      await vi.waitFor(isOver, { timeout: 2 * LEASE_MS, interval: 500 });
      expect(text.match(/Launching/g)).toHaveLength(1);
    } finally {
      over.abort();
      await another.stop();
      await reading;
    }
  }, 60_000);

  test("is told in the app's log", async () => {
    await push();
    await vi.waitFor(() => {
      const lines = said.filter(({ appId }) => appId === app.id).map(({ message }) => message);
      expect(lines).toEqual([
        "Initial release by user owner@example.com",
        "Release v1 created by user owner@example.com",
        "Build started by user owner@example.com",
        "Deploy 01234567 by user owner@example.com",
        "Release v2 created by user owner@example.com",
        "Build succeeded",
        "Scaled to web@1:Standard-1X by user owner@example.com",
      ]);
    });
  });
});

describe("a database that goes away", () => {
  test("under a build costs nothing: it is finished once, when the database is back", async () => {
    builder.script("held", { hold: true, result: { kind: "succeeded", image: imageInfo({ web: "serve" }) } });
    const { id } = await accept("held");
    await vi.waitFor(() => expect(builder.begun.some((spec) => spec.id === id)).toBe(true));
    await control.store.stop();
    builder.release(id);
    await control.store.start();
    await vi.waitFor(
      async () => expect((await call(`GET /builds/${id}`)).body.status).toBe("succeeded"),
      20_000,
    );
    expect(await versions()).toEqual([1, 2]);
    await vi.waitFor(
      async () => expect((await call("GET /dynos")).body).toMatchObject([{ state: "up" }]),
      20_000,
    );
    expect(builder.begun.filter((spec) => spec.id === id)).toHaveLength(1);
  });

  test("leaves the dynos alone, and a change made afterwards is seen", async () => {
    await push();
    const before = host.present().filter(({ appId }) => appId === app.id);
    await control.store.stop();
    await control.store.start();
    expect(host.present().filter(({ appId }) => appId === app.id)).toEqual(before);
    await call("PATCH /formation", { updates: [{ type: "web", quantity: 2 }] });
    await vi.waitFor(
      async () => {
        expect((await call("GET /dynos")).body).toHaveLength(2);
        expect(table.route(app.id)?.webQuantity).toBe(2);
      },
      { timeout: 15_000, interval: 100 },
    );
  });
});

test("a router that was away gets the newest of each route", async () => {
  await push();
  routerAway = true;
  await call("PATCH ", { maintenance: true });
  await call("PATCH ", { maintenance: false });
  await call("PATCH ", { maintenance: true });
  routerAway = false;
  await vi.waitFor(() => expect(table.route(app.id)?.maintenance).toBe(true), 10_000);
});

describe("an app that is deleted", () => {
  test("while it builds and serves leaves nothing", async () => {
    await push();
    builder.script("held", { hold: true, result: { kind: "succeeded", image: imageInfo({}) } });
    const { id } = await accept("held");
    await vi.waitFor(() => expect(builder.begun.some((spec) => spec.id === id)).toBe(true));
    await control.call(`DELETE /apps/${app.name}`, { token: owner.token });
    await vi.waitFor(() => {
      expect(host.present().filter(({ appId }) => appId === app.id)).toEqual([]);
      expect(table.route(app.id)).toBeUndefined();
    }, 5_000);
  });

  test("has its repository, log and build cache removed by a job, which may come twice", async () => {
    const forgotten: string[] = [];
    vi.spyOn(control.context.logs.reader, "forget").mockImplementation(async (id) => void forgotten.push(id));
    const [remove] = makeJobKinds(control.context, control.engine);
    for (let i = 0; i < 2; i++) await remove?.run({ appId: app.id });
    expect([remove?.name, forgotten]).toEqual(["remove-app", [app.id, app.id]]);
    expect(builder.cleared).toContain(app.id);
  });
});

test("what was left by a process that is gone is found and finished by the next", async () => {
  const itsHost = makeFakeDynoHost({ now: () => new Date() });
  const other = await startTestControl({
    ports: { ...idlePorts(), host: itsHost, builder, routes: routesTo(() => itsHost) },
  });
  const running: Running[] = [];
  try {
    const { id, email, token } = await other.account("ada@example.com");
    const made = (await other.call("POST /apps", { token, body: {} })).body;
    const wanted = { appId: made.id, actor: { id, email }, sourceDigest: "good" };
    const build = await createBuild(wanted, other.context);
    await releaseAnImage(other.context, made.id, { worker: "work" }, "c");
    const workers = startControlWorkers(other.context, other.engine);
    running.push(workers, await startControlEvents(other.context, other.engine, () => workers));
    await vi.waitFor(async () => {
      const sql = "select status, finished_at from builds where id = $1";
      const { rows } = await other.context.database.query(sql, [build.id]);
      expect(rows).toEqual([{ status: "succeeded", finished_at: expect.any(Date) }]);
    }, 10_000);
    expect((await other.call(`GET /apps/${made.name}/releases/v3`, { token })).body.current).toBe(true);
    expect(table.route(made.id)?.webQuantity).toBe(1);
  } finally {
    for (const one of running.reverse()) await one.stop();
    await other.stop();
  }
});

test("the hourly sweep removes what nobody needs any more", async () => {
  const sweep = makeJobKinds(control.context, control.engine).find(({ name }) => name === "sweep");
  const { database } = control.context;
  await database.query("update events set at = now() - interval '30 days' where app_id = $1", [app.id]);
  await vi.waitFor(async () => {
    await sweep?.run({});
    const { rows } = await database.query("select 1 from events where app_id = $1", [app.id]);
    expect(rows).toEqual([]);
  }, 10_000);
  expect(sweep).toMatchObject({ name: "sweep", schedule: expect.stringMatching(/^\S+( \S+){4}$/) });
});
