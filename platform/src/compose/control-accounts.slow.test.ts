import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { closeAccount } from "../accounts/identity/delete-account.ts";
import { createAuthorization } from "../accounts/token/index.ts";
import { callPeer, type LocalPeer, startLocalServer } from "../drivers/embedded/local/index.ts";
import { migrations } from "../drivers/postgres/migrations/index.ts";
import { startTestServer, type TestServer } from "../drivers/postgres/store/database-fixtures.ts";
import { migrate, violatedConstraint } from "../drivers/postgres/store/index.ts";
import { newId, type Running, silentLogger, systemClock } from "../kernel/index.ts";
import { type AccountsDependencies, accountRoutes, makeAuthenticate } from "./control-accounts.ts";

let server: TestServer;
let folder: string;
let peer: LocalPeer;
let local: Running;
let deps: AccountsDependencies;

beforeAll(async () => {
  server = await startTestServer();
  folder = mkdtempSync(join(tmpdir(), "conifer-accounts-"));
});
afterAll(async () => {
  await local.stop();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  await local?.stop();
  const { db } = server.open(await server.newDatabase());
  await migrate(db, migrations, new Date());
  deps = { db, clock: systemClock, newId };
  peer = { socketPath: join(folder, "control.sock"), secret: "s" };
  local = await startLocalServer({ ...peer, routes: [accountRoutes(deps)], logger: silentLogger });
});

const LOGIN = { key: "POST /oauth/authorizations" };
const call = (route: string, body?: object) =>
  callPeer(peer, route, body ? { body } : {}) as Promise<{ email: string; password: string }>;
const login = (user: string, secret: string) => makeAuthenticate(deps)({ user, secret }, LOGIN);

describe("the operator's command", () => {
  test("makes accounts, with a password given or made", async () => {
    const made = await call("POST /accounts", { email: "Me@example.com" });
    expect(made).toEqual({ email: "me@example.com", password: expect.stringMatching(/^[\w-]{20}$/) });
    expect(await login(made.email, made.password)).toMatchObject({ email: made.email, scope: ["global"] });
    const chosen = { email: "you@example.com", password: "correct horse" };
    expect(await call("POST /accounts", chosen)).toEqual(chosen);
  });

  test.each([
    [{}, /Name the account/],
    [{ email: "nonsense" }, /not an e-mail address/],
    [{ email: "me@example.com", password: "short" }, /8 to 1024 characters/],
  ])("refuses %j in words", async (body, wanted) => {
    await expect(call("POST /accounts", body)).rejects.toThrow(wanted);
  });

  test("makes no account twice, also not at once", async () => {
    const body = { email: "me@example.com" };
    const all = await Promise.allSettled([1, 2, 3].map(() => call("POST /accounts", body)));
    expect(all.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected", "rejected"]);
    await expect(call("POST /accounts", body)).rejects.toThrow(
      "There is already an account for me@example.com.",
    );
  });

  test("sets passwords, and disables accounts with all their tokens", async () => {
    const { email, password } = await call("POST /accounts", { email: "me@example.com" });
    const me = await login(email, password);
    const { token } = await createAuthorization({ accountId: me?.accountId ?? "" }, deps);
    const path = `/accounts/${encodeURIComponent(email)}`;
    const changed = await call(`POST ${path}/password`, {});
    expect(await login(email, password)).toBeUndefined();
    expect(await login(email, changed.password)).toBeDefined();
    expect(await login("", token)).toBeDefined();
    expect(await call(`POST ${path}/disable`)).toEqual({ email });
    expect(await login(email, changed.password)).toBeUndefined();
    expect(await login("", token)).toBeUndefined();
  });

  test("knows nobody who is not there", async () => {
    for (const verb of ["password", "disable"])
      await expect(call(`POST /accounts/nobody@example.com/${verb}`, {})).rejects.toMatchObject({
        id: "not_found",
      });
  });
});

test("a password is taken only for making an authorization", async () => {
  const { email, password } = await call("POST /accounts", { email: "me@example.com" });
  const authenticate = makeAuthenticate(deps);
  expect(await authenticate({ user: email, secret: password })).toBeUndefined();
  expect(await authenticate({ user: email, secret: password }, { key: "GET /apps" })).toBeUndefined();
  expect(await authenticate({ user: "", secret: password }, LOGIN)).toBeUndefined();
  expect(await authenticate({ user: email, secret: password }, LOGIN)).toBeDefined();
});

test("the only account cannot close itself, because nobody could make another", async () => {
  const { email, password } = await call("POST /accounts", { email: "me@example.com" });
  const me = (await login(email, password))?.accountId ?? "";
  const closing = { ...deps, violatedConstraint, ownedApps: async () => [] };
  await expect(closeAccount(me, closing)).rejects.toMatchObject({
    id: "conflict",
    message: expect.stringContaining("npm run account -- create"),
  });
  await call("POST /accounts", { email: "you@example.com" });
  expect(await closeAccount(me, closing)).toMatchObject({ email });
});
