import type { Duplex } from "node:stream";
import { validateResponse } from "@conifer/contract/validation";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { releaseAnImage } from "../delivery/release/release-fixtures.ts";
import { BusinessError, type LogLine } from "../kernel/index.ts";
import { type FakeBehavior, type FakeDynoHost, makeFakeDynoHost } from "../runtime/dyno/dyno-host-fake.ts";
import { readAll } from "../runtime/dyno/dyno-host-suite.ts";
import type { DynoSpec, InsideCommand } from "../runtime/dyno/index.ts";
import { dynoIdOf } from "../runtime/one-off/attach-secret.ts";
import { attachTargets } from "./control-attach.ts";
import { startTestControl, type TestAnswer, type TestControl } from "./control-fixtures.ts";
import { idlePorts } from "./idle-ports-fixtures.ts";

const KEY = "POST /apps/{app}/dynos/{dyno}";
let control: TestControl;
let host: FakeDynoHost;
let tokens: { owner: string; other: string };
let app: { id: string; name: string };
let behavior: (spec: DynoSpec) => FakeBehavior;
let commands: InsideCommand[];
let said: LogLine[];
/** How far the clock of who attaches is ahead. */
let laterMs: number;

beforeAll(async () => {
  host = makeFakeDynoHost({ now: () => new Date(), behavior: (spec) => behavior(spec) });
  control = await startTestControl({ ports: { ...idlePorts(), host }, workers: true });
  const owner = await control.account("owner@example.com");
  tokens = { owner: owner.token, other: (await control.account("other@example.com")).token };
});
afterAll(() => control.stop());
beforeEach(async () => {
  [commands, said, laterMs] = [[], [], 0];
  behavior = () => ({
    inside: async ({ command, output, spec }) => {
      commands.push(command);
      output.write(`inside ${spec.name}\n`);
    },
  });
  app = (await control.call("POST /apps", { token: tokens.owner, body: {} })).body;
});

/** An app with one web dyno in that state. */
async function deployed(state = "up"): Promise<void> {
  await releaseAnImage(control.context, app.id, { web: "serve" });
  await vi.waitFor(async () => {
    const { body } = await control.call(`GET /apps/${app.name}/dynos`, { token: tokens.owner });
    expect(body.map((dyno: { state: string }) => dyno.state)).toEqual([state]);
  }, 5_000);
}

const inside = async (body: object, options: { token?: string; variant?: string; dyno?: string } = {}) => {
  const { token = tokens.owner, variant = "3.run-inside", dyno = "web.1" } = options;
  return await control.call(`POST /apps/${app.name}/dynos/${dyno}`, { token, variant, body });
};

const targets = () => {
  const { context } = control;
  const sink = { ...context.logs.sink, write: (line: LogLine) => void said.push(line) };
  const clock = () => new Date(Date.now() + laterMs);
  return attachTargets({ ...context, clock, logs: { ...context.logs, sink } }, host);
};

const idOf = (answer: TestAnswer) => {
  const secret = new URL(answer.body.attach_url).pathname.slice(1);
  return dynoIdOf(secret, control.context.urlKey) ?? "";
};
const attach = async (answer: TestAnswer): Promise<Duplex> => await targets().attach(idOf(answer));

describe("a command inside a dyno", () => {
  test("waits for its client under an address of its own, and runs once it is there", async () => {
    await deployed();
    const env = { TERM: "xterm", COLUMNS: 120, LINES: 40 };
    const answer = await inside({ command: "launcher env", env });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ name: "web.1", command: "launcher env", type: "web", state: "up" });
    expect(answer.body.attach_url).toMatch(/^rendezvous:\/\/[^/]+\/rz-/);
    expect(commands).toEqual([]);
    expect(await targets().findDyno(idOf(answer))).toEqual({ appId: app.id, name: "web.1" });
    expect(await readAll(await attach(answer))).toBe("inside web.1\n");
    expect(commands).toEqual([
      {
        line: "launcher env",
        env: { TERM: "xterm", COLUMNS: "120", LINES: "40" },
        terminal: { columns: 120, rows: 40 },
      },
    ]);
    expect(said).toMatchObject([
      {
        ...{ appId: app.id, source: "heroku", process: "web.1" },
        message: "Starting process inside with command `launcher env`",
      },
    ]);
  });

  test.each(["3", "3.sdk"])(
    "answers in the contract's shape to version %s, by name and by id",
    async (variant) => {
      await deployed();
      const kind = variant === "3.sdk" ? "sdk" : "base";
      const { body } = await control.call(`GET /apps/${app.name}/dynos`, { token: tokens.owner });
      for (const dyno of ["web.1", body[0].id]) {
        const answer = await inside({ command: "true" }, { variant, dyno });
        expect(validateResponse(KEY, kind, answer.status, answer.body)).toEqual([]);
      }
    },
  );

  test("runs for one client only", async () => {
    await deployed();
    const answer = await inside({ command: "true" });
    const results = await Promise.allSettled([attach(answer), attach(answer), attach(answer)]);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await expect(attach(answer)).rejects.toThrow(BusinessError);
    expect(commands).toHaveLength(1);
  });

  test("does not run for a client that comes too late", async () => {
    await deployed();
    const answer = await inside({ command: "true" });
    laterMs = 61_000;
    await expect(attach(answer)).rejects.toThrow("Couldn't find that dyno.");
    expect(commands).toEqual([]);
  });

  test("is refused when the dyno has gone meanwhile, and its log can be told so", async () => {
    await deployed();
    const answer = await inside({ command: "true" });
    const body = { updates: [{ type: "web", quantity: 0 }] };
    await control.call(`PATCH /apps/${app.name}/formation`, { token: tokens.owner, body });
    const isOver = () => host.present().every(({ appId }) => appId !== app.id);
    await vi.waitFor(() => expect(isOver()).toBe(true), 5_000);
    await expect(attach(answer)).rejects.toThrow("Couldn't find that dyno.");
    expect(await targets().findDyno(idOf(answer))).toMatchObject({ name: "web.1" });
  });

  test("keeps its text and environment sealed", async () => {
    await deployed();
    await inside({ command: "curl canary-4711", env: { TOKEN: "canary-4712" } });
    const { rows } =
      await sql`select encode(sealed_command, 'escape') as text, r::text as row from inside_runs r`.execute(
        control.context.db,
      );
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toMatch(/canary/);
  });
});

describe("refusals", () => {
  test.each([
    ["an empty command", { command: " " }, 422],
    ["no command", {}, 422],
    ["a command with NUL", { command: "a\0b" }, 422],
    ["an environment that is none", { command: "true", env: { "1X": "a" } }, 422],
    ["values that are not text", { command: "true", env: { A: {} } }, 422],
  ])("%s", async (_what, body, status) => {
    await deployed();
    const answer = await inside(body);
    expect([answer.status, answer.body.message]).toEqual([status, expect.any(String)]);
  });

  test("a dyno that there is not", async () => {
    await deployed();
    for (const dyno of ["web.7", "00000000-0000-4000-8000-000000000000"])
      expect((await inside({ command: "true" }, { dyno })).body).toMatchObject({ id: "not_found" });
  });

  test("another's app looks as if there were none", async () => {
    await deployed();
    const answer = await inside({ command: "true" }, { token: tokens.other });
    expect([answer.status, answer.body.resource]).toEqual([404, "app"]);
  });

  test("a dyno that is not up says what it is", async () => {
    behavior = () => ({ listens: "never" });
    await deployed("starting");
    const answer = await inside({ command: "true" });
    expect([answer.status, answer.body.message]).toEqual([
      409,
      "web.1 is starting: a command can be run only inside a dyno that is up. See `heroku ps`.",
    ]);
  });
});
