import { validateResponse } from "@conifer/contract/validation";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { releaseAnImage } from "../delivery/release/release-fixtures.ts";
import { newId } from "../kernel/index.ts";
import { type FakeBehavior, type FakeDynoHost, makeFakeDynoHost } from "../runtime/dyno/dyno-host-fake.ts";
import type { DynoSpec } from "../runtime/dyno/index.ts";
import { startTestControl, type TestAnswer, type TestControl } from "./control-fixtures.ts";
import { idlePorts } from "./idle-ports-fixtures.ts";

let control: TestControl;
let host: FakeDynoHost;
let token: string;
let app: { id: string; name: string };
/** How dynos of the app under test behave, by their release's version. */
let behavior: (spec: DynoSpec) => FakeBehavior;

beforeAll(async () => {
  host = makeFakeDynoHost({ now: () => new Date(), behavior: (spec) => behavior(spec) });
  control = await startTestControl({ ports: { ...idlePorts(), host }, workers: true });
  ({ token } = await control.account("owner@example.com"));
});
afterAll(() => control.stop());
beforeEach(async () => {
  behavior = () => ({});
  app = (await control.call("POST /apps", { token, body: {} })).body;
});

async function call(route: string, body?: unknown, variant = "3"): Promise<TestAnswer> {
  const [method, path = ""] = route.split(" ");
  return await control.call(`${method} /apps/${app.name}${path}`, {
    token,
    variant,
    ...(body === undefined ? {} : { body }),
  });
}

interface Shown {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly release: { readonly version: number };
}

const dynos = async (): Promise<readonly Shown[]> => (await call("GET /dynos")).body;

async function ps(): Promise<readonly string[]> {
  return (await dynos()).map(({ name, state, release }) => `${name} v${release.version} ${state}`).sort();
}

/** Waits until `ps` shows just this. */
const shows = (...expected: string[]) => vi.waitFor(async () => expect(await ps()).toEqual(expected), 5_000);

const release = (processes: Record<string, string>, digit = "a") =>
  releaseAnImage(control.context, app.id, processes, digit);
const scale = (...updates: object[]) => call("PATCH /formation", { updates });

/** An app that serves, with a worker type at zero. */
async function deployed(): Promise<void> {
  await release({ web: "serve", worker: "work" });
  await shows("web.1 v2 up");
}

describe("a formation", () => {
  test("is empty before the first code, and has one web dyno after it", async () => {
    expect((await call("GET /formation")).body).toEqual([]);
    const early = await scale({ type: "web", quantity: 2 });
    expect([early.status, early.body]).toEqual([
      404,
      {
        id: "not_found",
        resource: "formation",
        message: "The app has no process type web. It has none before its first deploy.",
      },
    ]);
    await deployed();
    const rows = (await call("GET /formation")).body as { type: string; quantity: number; size: string }[];
    expect(rows.map(({ type, quantity, size }) => [type, quantity, size]).sort()).toEqual([
      ["web", 1, "Standard-1X"],
      ["worker", 0, "Standard-1X"],
    ]);
  });

  test.each<[string, object, [number, string]]>([
    ["a number", { quantity: 3 }, [3, "Standard-1X"]],
    ["a number as text", { quantity: "2" }, [2, "Standard-1X"]],
    ["more", { quantity: "+2" }, [3, "Standard-1X"]],
    ["less", { quantity: "-1" }, [0, "Standard-1X"]],
    ["less than none", { quantity: "-9" }, [0, "Standard-1X"]],
    ["a size by name", { size: "standard-2x" }, [1, "Standard-2X"]],
    ["a size as an object", { dyno_size: { name: "Performance-M" } }, [1, "Performance-M"]],
    ["a size of the other generation", { size: "dyno-2c-1gb" }, [1, "dyno-2c-1gb"]],
    ["both", { quantity: 2, size: "Basic" }, [2, "Basic"]],
  ])("changes by %s", async (_name, change, [quantity, size]) => {
    await deployed();
    const answer = await scale({ type: "web", ...change });
    expect(validateResponse("PATCH /apps/{app}/formation", "base", answer.status, answer.body)).toEqual([]);
    expect(answer.body).toMatchObject([{ type: "web", quantity, size, dyno_size: { name: size } }]);
  });

  test("changes one type by its own path, by type and by id, and by a size's id", async () => {
    await deployed();
    const { body: size } = await control.call("GET /dyno-sizes/standard-2x", { token });
    const { body: row } = await call("GET /formation/web");
    expect((await call("PATCH /formation/web", { quantity: "+1" })).body).toMatchObject({ quantity: 2 });
    expect((await call(`PATCH /formation/${row.id}`, { dyno_size: { id: size.id } })).body).toMatchObject({
      quantity: 2,
      size: "Standard-2X",
    });
    expect((await call("GET /formation/clock")).body).toMatchObject({ resource: "formation" });
  });

  test.each<[string, object[], number, RegExp]>([
    [
      "a type it has not",
      [
        { type: "worker", quantity: 1 },
        { type: "clock", quantity: 1 },
      ],
      404,
      /process type clock/,
    ],
    [
      "no quantity",
      [
        { type: "worker", quantity: 1 },
        { type: "web", quantity: "many" },
      ],
      422,
      /"many" is no quantity/,
    ],
    [
      "too many",
      [
        { type: "worker", quantity: 1 },
        { type: "web", quantity: 101 },
      ],
      422,
      /at most 100/,
    ],
    [
      "a size there is not",
      [
        { type: "worker", quantity: 1 },
        { type: "web", size: "huge" },
      ],
      422,
      /no dyno size huge/,
    ],
    ["nothing", [], 422, /./],
    ["an image from Docker", [{ type: "web", docker_image: "sha256:aa" }], 422, /./],
  ])("is not changed at all by a batch with %s", async (_name, updates, status, why) => {
    await deployed();
    const answer = await scale(...updates);
    expect([answer.status, answer.body.message]).toEqual([status, expect.stringMatching(why)]);
    expect(await ps()).toEqual(["web.1 v2 up"]);
    expect((await call("GET /formation/worker")).body.quantity).toBe(0);
  });

  test("counts every relative change of many at once", async () => {
    await deployed();
    await Promise.all(Array.from({ length: 8 }, () => scale({ type: "worker", quantity: "+1" })));
    expect((await call("GET /formation/worker")).body.quantity).toBe(8);
  });

  test("loses a type that the code lacks, with its dynos", async () => {
    await deployed();
    await scale({ type: "worker", quantity: 1 });
    await shows("web.1 v2 up", "worker.1 v2 up");
    await release({ web: "serve" }, "b");
    await shows("web.1 v3 up");
    expect((await call("GET /formation")).body).toHaveLength(1);
  });
});

describe("the sizes of dynos", () => {
  test.each(["base", "sdk"] as const)("are listed, in the variant %s", async (variant) => {
    const answer = await control.call("GET /dyno-sizes", {
      token,
      variant: variant === "base" ? "3" : "3.sdk",
    });
    expect(validateResponse("GET /dyno-sizes", variant, answer.status, answer.body)).toEqual([]);
    expect(answer.body.length).toBeGreaterThan(30);
  });

  test("are found by id and name, and told when they are not there", async () => {
    const { body } = await control.call("GET /dyno-sizes/STANDARD-1X", { token });
    expect(body).toMatchObject({ name: "Standard-1X", memory: 0.5, dedicated: false, cost: null });
    expect((await control.call(`GET /dyno-sizes/${body.id}`, { token })).body).toEqual(body);
    expect((await control.call("GET /dyno-sizes/huge", { token })).body).toMatchObject({
      resource: "dyno_size",
    });
  });
});

describe("the list of dynos", () => {
  test.each(["base", "sdk"] as const)("has the contract's shape, in the variant %s", async (variant) => {
    await deployed();
    const answer = await call("GET /dynos", undefined, variant === "base" ? "3" : "3.sdk");
    expect(validateResponse("GET /apps/{app}/dynos", variant, answer.status, answer.body)).toEqual([]);
    expect(answer.body).toMatchObject([
      {
        name: "web.1",
        type: "web",
        command: "serve",
        size: "Standard-1X",
        state: "up",
        attach_url: null,
        release: { version: 2 },
        app: { id: app.id, name: app.name },
      },
    ]);
  });

  test("holds old and new of one name while the new ones do not boot, told apart by id and release", async () => {
    await deployed();
    const [old] = await dynos();
    behavior = ({ releaseVersion }) => (releaseVersion === 3 ? { exitCode: 1 } : {});
    await release({ web: "broken" }, "b");
    await shows("web.1 v2 up", "web.1 v3 crashed");
    const fresh = (await dynos()).find(({ id }) => id !== old?.id);
    expect((await call("GET /dynos/web.1")).body.id).toBe(fresh?.id);
    expect((await call(`GET /dynos/${old?.id}`)).body.release.version).toBe(2);
    behavior = () => ({});
    await call("PATCH /config-vars", { FIX: "1" });
    await shows("web.1 v4 up");
    const warm = host.present().filter(({ appId, duty }) => appId === app.id && duty === "warm");
    expect(warm.map(({ releaseVersion }) => releaseVersion)).toEqual([2]);
  });

  test("does not hold what is stopping", async () => {
    await deployed();
    behavior = () => ({ ignoresTerm: true });
    await scale({ type: "web", quantity: 0 });
    await shows();
    expect(host.present().map(({ state }) => state.kind)).toContain("stopping");
  });

  test("does not find what is not there", async () => {
    await deployed();
    for (const identity of ["web.2", "worker.1", newId()])
      expect((await call(`GET /dynos/${identity}`)).body).toMatchObject({
        id: "not_found",
        resource: "dyno",
      });
  });
});

describe("a restart", () => {
  /** Two web dynos and a worker; returns the dynos' ids by name. */
  async function running(): Promise<ReadonlyMap<string, string>> {
    await deployed();
    await scale({ type: "web", quantity: 2 }, { type: "worker", quantity: 1 });
    await shows("web.1 v2 up", "web.2 v2 up", "worker.1 v2 up");
    return await ids();
  }
  const ids = async () => new Map((await dynos()).map(({ id, name }) => [name, id]));

  test.each<[string, string, string[]]>([
    ["of all", "DELETE /dynos", ["web.1", "web.2", "worker.1"]],
    ["of one", "DELETE /dynos/web.1", ["web.1"]],
    ["of a type", "DELETE /formations/web", ["web.1", "web.2"]],
    ["by a stop of one", "POST /dynos/worker.1/actions/stop", ["worker.1"]],
    ["by a stop of a type", "POST /formations/web/actions/stop", ["web.1", "web.2"]],
  ])("%s replaces just those: %s", async (_name, route, replaced) => {
    const before = await running();
    const answer = await call(route);
    expect([answer.status, answer.body]).toEqual([202, {}]);
    await vi.waitFor(async () => {
      const after = await ids();
      expect(await ps()).toEqual(["web.1 v2 up", "web.2 v2 up", "worker.1 v2 up"]);
      const changed = [...before].filter(([name, id]) => after.get(name) !== id).map(([name]) => name);
      expect(changed.sort()).toEqual(replaced);
    }, 5_000);
  });

  test("by a stop of one that has just been stopped waits for nobody", async () => {
    await running();
    for (let n = 0; n < 5; n += 1) expect((await call("POST /dynos/worker.1/actions/stop")).status).toBe(202);
    await shows("web.1 v2 up", "web.2 v2 up", "worker.1 v2 up");
  });

  test.each(["DELETE /formations/clock", "POST /formations/clock/actions/stop", "DELETE /dynos/web.9"])(
    "of what is not there is refused: %s",
    async (route) => {
      await deployed();
      expect((await call(route)).status).toBe(404);
    },
  );
});

describe("a one-off dyno", () => {
  const run = (body: object) => call("POST /dynos", { command: "bash", ...body });

  test("before the first code is a conflict", async () => {
    const answer = await run({ attach: true });
    expect([answer.status, answer.body.id]).toEqual([409, "conflict"]);
    expect(answer.body.message).toContain("no code yet");
  });

  test.each(["base", "sdk"] as const)("is made as asked, in the variant %s", async (variant) => {
    await deployed();
    const body = { command: "rake test", env: { A: "1" }, size: "standard-2x", time_to_live: 60 };
    const answer = await call("POST /dynos", body, variant === "base" ? "3" : "3.sdk");
    expect(validateResponse("POST /apps/{app}/dynos", variant, answer.status, answer.body)).toEqual([]);
    expect(answer.body).toMatchObject({
      name: expect.stringMatching(/^run\.\d{4}$/),
      command: "rake test",
      size: "Standard-2X",
      type: "run",
      state: "starting",
      attach_url: null,
      release: { version: 2 },
    });
    await shows(`${answer.body.name} v2 up`, "web.1 v2 up");
  });

  test("with attach has an address for its client", async () => {
    await deployed();
    const { body } = await run({ attach: true, type: "console" });
    expect(body.attach_url).toMatch(/^rendezvous:\/\/[^/]+:\d+\/rz-[0-9a-f-]{36}\.[\w-]{43}$/);
    expect(body.name).toMatch(/^console\.\d{4}$/);
  });

  test.each<[string, object]>([
    ["no command", { command: "" }],
    ["too long a life", { time_to_live: 86_401 }],
    ["no life", { time_to_live: 0 }],
    ["a size there is not", { size: "huge" }],
    ["a variable without a name", { env: { "A-B": "1" } }],
  ])("with %s is refused", async (_name, body) => {
    await deployed();
    const answer = await run(body);
    expect([answer.status, answer.body.id]).toEqual([422, "invalid_params"]);
    expect(await ps()).toEqual(["web.1 v2 up"]);
  });

  test.each(["POST /dynos/{dyno}/actions/stop", "DELETE /dynos/{dyno}"])("ends by %s", async (route) => {
    await deployed();
    const { body } = await run({});
    await shows(`${body.name} v2 up`, "web.1 v2 up");
    expect((await call(route.replace("{dyno}", body.name))).status).toBe(202);
    await shows("web.1 v2 up");
  });

  test("that ends by itself is listed no more", async () => {
    await deployed();
    behavior = ({ type }) => (type === "run" ? { exitCode: 0 } : {});
    await run({});
    await shows("web.1 v2 up");
  });

  test("goes with its app", async () => {
    await deployed();
    const { body } = await run({});
    await shows(`${body.name} v2 up`, "web.1 v2 up");
    await control.call(`DELETE /apps/${app.name}`, { token });
    await vi.waitFor(() => expect(host.present().filter(({ appId }) => appId === app.id)).toEqual([]), 5_000);
  });
});

test("a host that was killed gets everything back", async () => {
  await deployed();
  await scale({ type: "worker", quantity: 1 });
  await shows("web.1 v2 up", "worker.1 v2 up");
  const before = (await dynos()).map(({ id }) => id).sort();
  host.goAway();
  await vi.waitFor(
    () => expect(host.present().filter(({ appId }) => appId === app.id)).toHaveLength(2),
    5_000,
  );
  await shows("web.1 v2 up", "worker.1 v2 up");
  expect((await dynos()).map(({ id }) => id).sort()).toEqual(before);
});
