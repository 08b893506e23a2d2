import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { disableAccount } from "../accounts/identity/index.ts";
import { createApp } from "../apps/app/index.ts";
import { makeLogger, newId } from "../kernel/index.ts";
import { startTestControl, type TestAnswer, type TestControl } from "./control-fixtures.ts";
import { idlePorts } from "./idle-ports-fixtures.ts";

type Made = Awaited<ReturnType<TestControl["account"]>>;
const lines: string[] = [];
let control: TestControl;
let me: Made;
let count = 0;

beforeAll(async () => {
  const logger = makeLogger({
    role: "test",
    level: "debug",
    now: () => new Date(),
    write: (line) => lines.push(line),
  });
  control = await startTestControl({ ports: idlePorts(), workers: true, logger });
});
afterAll(() => control.stop());
beforeEach(async () => {
  me = await control.account(`me-${++count}@example.com`);
});

const call = (route: string, token: string, body?: unknown): Promise<TestAnswer> =>
  control.call(route, { token, ...(body === undefined ? {} : { body }) });

const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
});

/** What `heroku login -i` sends. */
const login = (user: string, password: string) =>
  control.call("POST /oauth/authorizations", {
    headers: basic(user, password),
    body: { description: "Heroku CLI login from box", expires_in: 2_592_000, scope: ["global"] },
  });

describe("logging in", () => {
  test("with address and password gives a token for 30 days", async () => {
    const { status, body } = await login(me.email.toUpperCase(), me.password);
    expect(status).toBe(201);
    expect(body).toMatchObject({
      description: "Heroku CLI login from box",
      scope: ["global"],
      user: { email: me.email },
      access_token: { token: expect.stringMatching(/^CNFR-/), expires_in: expect.any(Number) },
    });
    expect(body.access_token.expires_in).toBeGreaterThan(2_592_000 - 60);
    const account = await call("GET /account", body.access_token.token);
    expect(account.body).toMatchObject({ email: me.email, last_login: expect.stringMatching(/Z$/) });
  });

  test.each([
    ["a wrong password", () => login(me.email, "wrong password")],
    ["an unknown address", () => login("nobody@example.com", "wrong password")],
    ["no password", () => login(me.email, "")],
    ["a token under another's address", () => login("nobody@example.com", "CNFR-nonsense")],
    ["an endless password", () => login(me.email, "x".repeat(10_000))],
    ["a NUL", () => login("a\0b@example.com", "wrong password")],
  ])("with %s is refused in one shape", async (_what, attempt) => {
    const answer = await attempt();
    expect([answer.status, answer.body.id]).toEqual([401, "unauthorized"]);
  });

  test("takes passwords nowhere else", async () => {
    for (const route of ["GET /account", "GET /apps", "GET /oauth/authorizations"]) {
      const answer = await control.call(route, { headers: basic(me.email, me.password) });
      expect(answer.status).toBe(401);
    }
  });

  test("by guessing ends after 60 tries, whether the account exists or not, and hurts no token", async () => {
    for (const address of [me.email, "nobody-at-all@example.com"]) {
      const tries = [];
      for (let i = 0; i < 61; i++) tries.push((await login(address, "guess number something")).status);
      expect([...new Set(tries.slice(0, 60))]).toEqual([401]);
      expect(tries.at(-1)).toBe(429);
    }
    const late = await login(me.email, me.password);
    expect([late.status, late.body.id]).toEqual([429, "rate_limit"]);
    expect((await call("GET /account", me.token)).status).toBe(200);
    // Each try has the cost of a password's hash, which is the point of it.
  }, 180_000);

  test("takes as long for an unknown account as for a known one", async () => {
    const time = async (address: string) => {
      const began = performance.now();
      await login(address, "wrong password");
      return performance.now() - began;
    };
    const median = (times: number[]) => times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
    const [known, unknown]: [number[], number[]] = [[], []];
    for (let i = 0; i < 11; i++) {
      known.push(await time(me.email));
      unknown.push(await time("stranger@example.com"));
    }
    expect(median(unknown) / median(known)).toBeGreaterThan(0.6);
    expect(median(unknown) / median(known)).toBeLessThan(1.7);
  }, 120_000);
});

describe("authorizations", () => {
  test("are made, shown, changed, rotated and revoked", async () => {
    const made = (await call("POST /oauth/authorizations", me.token, { description: "ci", scope: ["read"] }))
      .body;
    expect(made).toMatchObject({ description: "ci", scope: ["read"], access_token: { expires_in: null } });
    const first = made.access_token.token;
    expect((await call("GET /apps", first)).status).toBe(200);

    const shown = (await call(`GET /oauth/authorizations/${made.id}`, me.token)).body;
    expect(shown.access_token.token).toMatch(/^CNFR-.{4}\*{10}.{4}$/);
    const listed = (await call("GET /oauth/authorizations", me.token)).body as { id: string }[];
    expect(listed.map(({ id }) => id)).toContain(made.id);

    const changed = await call(`PATCH /oauth/authorizations/${made.id}`, me.token, {
      description: "renamed",
    });
    expect(changed.body).toMatchObject({ id: made.id, description: "renamed", scope: ["read"] });

    const rotated = await call(`POST /oauth/authorizations/${made.id}/actions/regenerate-tokens`, me.token);
    const second = rotated.body.access_token.token;
    expect([rotated.body.id, second === first]).toEqual([made.id, false]);
    expect((await call("GET /apps", first)).status).toBe(401);
    expect((await call("GET /apps", second)).status).toBe(200);

    const revoked = await call(`DELETE /oauth/authorizations/${made.id}`, me.token);
    expect([revoked.status, revoked.body.id]).toEqual([200, made.id]);
    expect((await call("GET /apps", second)).status).toBe(401);
    const gone = await call(`DELETE /oauth/authorizations/${made.id}`, me.token);
    expect([gone.status, gone.body.resource]).toEqual([404, "authorization"]);
  });

  test("end when their time is over, and are then no longer listed", async () => {
    const { body } = await call("POST /oauth/authorizations", me.token, { expires_in: "3600" });
    expect(body.access_token.expires_in).toBeGreaterThan(3_590);
    await control.context.database.query(
      "update authorizations set expires_at = now() - interval '1 s' where id = $1",
      [body.id],
    );
    expect((await call("GET /account", body.access_token.token)).status).toBe(401);
    expect((await call(`GET /oauth/authorizations/${body.id}`, me.token)).status).toBe(404);
    const listed = (await call("GET /oauth/authorizations", me.token)).body as { id: string }[];
    expect(listed.map(({ id }) => id)).not.toContain(body.id);
  });

  test.each([
    [{ scope: ["everything"] }, "everything"],
    [{ expires_in: 0 }, "expires_in"],
    [{ expires_in: "99999999999999999999" }, "expires_in"],
    [{ expires_in: -5 }, "expires_in"],
    [{ description: "x".repeat(1_001) }, "description"],
  ])("cannot be made from %j", async (body, named) => {
    const answer = await call("POST /oauth/authorizations", me.token, body);
    expect([answer.status, answer.body.id]).toEqual([422, "invalid_params"]);
    expect(answer.body.message).toContain(named);
  });

  test("are nobody else's business", async () => {
    const other = await control.account(`other-${count}@example.com`);
    const { body } = await call("POST /oauth/authorizations", other.token, {});
    for (const [method, path] of [
      ["GET", ""],
      ["PATCH", ""],
      ["DELETE", ""],
      ["POST", "/actions/regenerate-tokens"],
    ]) {
      const wanted = method === "PATCH" ? { description: "mine" } : undefined;
      const answer = await call(`${method} /oauth/authorizations/${body.id}${path}`, me.token, wanted);
      expect([method, answer.status]).toEqual([method, 404]);
    }
    expect((await call("GET /account", body.access_token.token)).status).toBe(200);
  });

  test("have ids that are read in any case, and odd ones are not found", async () => {
    const { body } = await call("POST /oauth/authorizations", me.token, {});
    expect((await call(`GET /oauth/authorizations/${body.id.toUpperCase()}`, me.token)).status).toBe(200);
    for (const id of [newId(), "nonsense", "%00"])
      expect((await call(`GET /oauth/authorizations/${id}`, me.token)).status).toBe(404);
  });

  test("of clients are refused in words", async () => {
    const answer = await call("POST /oauth/authorizations", me.token, { client: newId() });
    expect([answer.status, answer.body.message]).toEqual([
      403,
      expect.stringContaining("no OAuth clients yet"),
    ]);
  });
});

test("logging out as the client does it revokes its own token and no other", async () => {
  const { body } = await login(me.email, me.password);
  const token: string = body.access_token.token;
  const session = await call("DELETE /oauth/sessions/~", token);
  expect([session.status, session.body]).toEqual([
    404,
    { id: "not_found", message: expect.any(String), resource: "session" },
  ]);
  const listed = (await call("GET /oauth/authorizations", token)).body as {
    id: string;
    access_token: { token: string };
  }[];
  // What is under `~` the client takes for an API key of the dashboard, and would not delete.
  expect((await call("GET /oauth/authorizations/~", token)).status).toBe(404);
  const matching = listed.filter(({ access_token }) => {
    const [prefix = "", suffix = ""] = access_token.token.split("**********");
    return token.startsWith(prefix) && token.endsWith(suffix);
  });
  expect(matching.map(({ id }) => id)).toEqual([body.id]);
  expect((await call(`DELETE /oauth/authorizations/${matching[0]?.id}`, token)).status).toBe(200);
  expect((await call("GET /account", token)).status).toBe(401);
  expect((await call("GET /account", me.token)).status).toBe(200);
});

describe("one's own account", () => {
  test.each(["/account", "/users/~"])("is changed under %s", async (path) => {
    const changed = await call(`PATCH ${path}`, me.token, { name: "Ada", allow_tracking: true, beta: true });
    expect(changed.body).toMatchObject({ name: "Ada", allow_tracking: true, beta: true, email: me.email });
    expect((await call(`GET ${path}`, me.token)).body).toMatchObject({ name: "Ada" });
    expect((await call(`PATCH ${path}`, me.token, { name: null })).body.name).toBeNull();
    expect((await call(`PATCH ${path}`, me.token, { name: "x".repeat(101) })).status).toBe(422);
  });

  test("gets a new password with the old one only, and keeps its tokens", async () => {
    const wanted = { new_password: "a better password" };
    for (const body of [wanted, { ...wanted, password: "wrong password" }]) {
      const refused = await call("PATCH /account", me.token, body);
      expect([refused.status, refused.body.id]).toEqual([403, "forbidden"]);
    }
    const short = await call("PATCH /account", me.token, { new_password: "short", password: me.password });
    expect(short.status).toBe(422);
    const changed = await call("PATCH /account", me.token, { ...wanted, password: me.password });
    expect(changed.status).toBe(200);
    expect((await login(me.email, me.password)).status).toBe(401);
    expect((await login(me.email, wanted.new_password)).status).toBe(201);
    expect((await call("GET /account", me.token)).status).toBe(200);
  });

  test("gets a new address with the password only, and not one that is taken", async () => {
    const email = `new-${count}@example.com`;
    expect((await call("PATCH /account", me.token, { email })).status).toBe(403);
    const other = await control.account(`other-${count}@example.com`);
    const taken = await call("PATCH /account", me.token, {
      email: other.email.toUpperCase(),
      password: me.password,
    });
    expect([taken.status, taken.body.message]).toEqual([422, expect.stringContaining("already an account")]);
    const changed = await call("PATCH /account", me.token, {
      email: email.toUpperCase(),
      password: me.password,
    });
    expect([changed.status, changed.body.email]).toEqual([200, email]);
    expect((await login(email, me.password)).status).toBe(201);
  });

  test("cannot be guessed by a stolen token without end", async () => {
    const guess = () => call("PATCH /account", me.token, { new_password: "mine now!", password: "guess" });
    const answers = [];
    for (let i = 0; i < 61; i++) answers.push((await guess()).status);
    expect([answers[0], answers.at(-1)]).toEqual([403, 429]);
  }, 30_000);

  test("is closed once it owns nothing, with its tokens and its part in others' apps", async () => {
    const other = await control.account(`other-${count}@example.com`);
    await call("POST /apps", other.token, { name: `theirs-${count}` });
    await call(`POST /apps/theirs-${count}/collaborators`, other.token, { user: me.email });
    await call("POST /apps", me.token, { name: `mine-${count}` });
    const refused = await call("DELETE /account", me.token);
    expect([refused.status, refused.body.id]).toEqual([409, "conflict"]);
    expect(refused.body.message).toContain(`mine-${count}`);
    await call(`DELETE /apps/mine-${count}`, me.token);
    const closed = await call("DELETE /account", me.token);
    expect([closed.status, closed.body.email]).toEqual([200, me.email]);
    expect((await call("GET /account", me.token)).status).toBe(401);
    expect((await login(me.email, me.password)).status).toBe(401);
    const people = (await call(`GET /apps/theirs-${count}/collaborators`, other.token)).body;
    expect(people).toHaveLength(1);
    expect((await control.account(me.email)).id).not.toBe(me.id);
  });

  test("is closed under its own path too, and not while an app is being made", async () => {
    const racing = await Promise.all([
      call("POST /apps", me.token, { name: `racing-${count}` }),
      call("DELETE /users/~", me.token),
    ]);
    const [made, closed] = racing.map(({ status }) => status);
    expect([
      [201, 409],
      [401, 200],
    ]).toContainEqual([made, closed]);
  });

  test("that was closed after a call's token was checked owns nothing new", async () => {
    const creator = { accountId: newId(), email: me.email, scope: ["global"] } as const;
    const alsoCreate = async () => {};
    const creating = createApp({ name: `late-${count}` }, creator, { ...control.context, alsoCreate });
    await expect(creating).rejects.toMatchObject({ id: "unauthorized" });
  });

  test("has no switches and no keys", async () => {
    expect((await call("GET /account/features", me.token)).body).toEqual([]);
    const feature = await call("PATCH /account/features/anything", me.token, { enabled: true });
    expect([feature.status, feature.body.resource]).toEqual([404, "feature"]);
    expect((await call("GET /account/keys", me.token)).body).toEqual([]);
    expect((await call(`GET /account/keys/${newId()}`, me.token)).body.resource).toBe("key");
    expect((await call("POST /account/keys", me.token, { public_key: "ssh-ed25519 x" })).status).toBe(501);
  });

  test("that is disabled takes neither password nor token, and its apps go on", async () => {
    await call("POST /apps", me.token, { name: `running-${count}` });
    await disableAccount(me.email, control.context);
    expect((await call("GET /account", me.token)).status).toBe(401);
    expect((await login(me.email, me.password)).status).toBe(401);
    const { rows } = await control.context.database.query("select 1 from apps where owner_id = $1", [me.id]);
    expect(rows).toHaveLength(1);
  });
});

test("no secret reaches a line of the log, an event or an error", async () => {
  const canary = `canary-${newId()}`;
  await call("PATCH /account", me.token, { password: me.password, new_password: canary });
  const { body } = await login(me.email, canary);
  const token = body.access_token.token;
  const answers = [
    await login(me.email, `${canary}-wrong`),
    await control.call("GET /account", { headers: basic(me.email, canary) }),
    await control.call("GET /account", { headers: { authorization: `Bearer ${canary}` } }),
    await control.call("GET /account", { headers: { authorization: canary } }),
    await call("POST /apps", token, { name: canary }),
    await call(`GET /nowhere/${canary}`.replace(canary, "x"), token),
    await call("PATCH /account", token, { password: `${canary}-wrong`, new_password: `${canary}-new` }),
    await call("PATCH /account", token, { passwrd: canary }),
  ];
  await call("POST /apps", token, { name: `canary-${count}` });
  await call(`PATCH /apps/canary-${count}/config-vars`, token, { SECRET: canary });
  await call(`PATCH /apps/canary-${count}/config-vars`, token, { [`BAD NAME ${count}`]: canary });
  await call(`GET /apps/canary-${count}/releases`, token);
  await call(`DELETE /apps/canary-${count}`, token);
  await control.store.stop();
  answers.push(await login(me.email, canary), await call("GET /account", token));
  await control.store.start();

  const errors = answers.filter(({ status }) => status >= 400).map(({ text }) => text);
  const dump = await Promise.all(
    ["events", "authorizations", "accounts", "configs", "releases"].map(
      async (table) => (await control.context.database.query(`select t::text from ${table} t`)).rows,
    ),
  );
  expect(lines.length).toBeGreaterThan(50);
  for (const secret of [canary, token, me.password, me.token]) {
    const where = { lines: lines.join(""), errors: errors.join(""), store: JSON.stringify(dump) };
    for (const [place, text] of Object.entries(where))
      expect([place, text.includes(secret)]).toEqual([place, false]);
  }
});
