import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newId } from "../kernel/index.ts";
import { startTestControl, type TestControl } from "./control-fixtures.ts";
import { idlePorts } from "./idle-ports-fixtures.ts";

type Made = Awaited<ReturnType<TestControl["account"]>>;
let control: TestControl;
let owner: Made;
let other: Made;
let appId: string;

beforeAll(async () => {
  control = await startTestControl({ ports: idlePorts() });
  owner = await control.account("owner@example.com");
  other = await control.account("other@example.com");
  appId = (await control.call("POST /apps", { token: owner.token, body: { name: "first" } })).body.id;
});
afterAll(() => control.stop());

const as = (who: Made, route: string, body?: unknown) =>
  control.call(route, { token: who.token, ...(body === undefined ? {} : { body }) });

/** `first` by its name or id, in some spelling. */
const spelled = {
  name: () => "first",
  id: () => appId,
  "name in capitals": () => "FIRST",
  "id in capitals": () => appId.toUpperCase(),
  "name, encoded": () => "%66irst",
};

describe.each(Object.entries(spelled))("an app by its %s", (_what, identity) => {
  test.each([
    "GET /apps/{}",
    "GET /apps/{}/releases",
    "GET /apps/{}/config-vars",
    "GET /apps/{}/collaborators",
    "GET /apps/{}/formation",
    "GET /apps/{}/dynos",
    "GET /apps/{}/builds",
    "GET /apps/{}/domains",
    "GET /apps/{}/features",
    "GET /apps/{}/features/preboot",
    "GET /apps/{}/features/PREBOOT",
    "GET /apps/{}/releases/1",
    "GET /apps/{}/releases/v1",
    "GET /apps/{}/collaborators/owner@example.com",
    "GET /apps/{}/collaborators/Owner@Example.com",
  ])("%s", async (route) => {
    expect((await as(owner, route.replace("{}", identity()))).status).toBe(200);
  });
});

test.each([
  ["us", 200],
  ["US", 200],
  ["59accabd-516d-4f0e-83e6-6e3757701145", 200],
  ["59ACCABD-516D-4F0E-83E6-6E3757701145", 200],
  ["mars", 404],
  [newId(), 404],
])("the region %s: %i", async (identity, status) => {
  expect((await as(owner, `GET /regions/${identity}`)).status).toBe(status);
});

describe("oneself", () => {
  test("is ~, one's id or one's address in any case", async () => {
    for (const identity of ["~", owner.id, owner.id.toUpperCase(), owner.email, "Owner@Example.COM"]) {
      const answer = await as(owner, `GET /users/${identity}`);
      expect([identity, answer.status, answer.body.id]).toEqual([identity, 200, owner.id]);
      expect((await as(owner, `GET /users/${identity}/apps`)).status).toBe(200);
    }
  });

  test.each([
    ["somebody else's address", () => other.email],
    ["somebody else's id", () => other.id],
    ["nobody's address", () => "nobody@example.com"],
    ["nobody's id", () => newId()],
    ["nothing that could be", () => "~~"],
  ])("is not %s", async (_what, identity) => {
    for (const route of ["GET /users/{}", "GET /users/{}/apps", "PATCH /users/{}", "DELETE /users/{}"]) {
      const answer = await as(
        owner,
        route.replace("{}", identity()),
        route.startsWith("PATCH") ? {} : undefined,
      );
      expect([route, answer.status, answer.body]).toEqual([
        route,
        404,
        { id: "not_found", message: "Couldn't find that user.", resource: "user" },
      ]);
    }
  });
});

describe("names of apps", () => {
  test("are one owner's at a time, and free again after", async () => {
    await as(owner, "POST /apps", { name: "borrowed" });
    const taken = await as(other, "POST /apps", { name: "borrowed" });
    expect([taken.status, taken.body.id]).toEqual([422, "invalid_params"]);
    expect((await as(owner, "DELETE /apps/borrowed")).body.name).toBe("borrowed");
    expect((await as(other, "POST /apps", { name: "borrowed" })).status).toBe(201);
    expect((await as(owner, "GET /apps/borrowed")).status).toBe(404);
  });

  test("are made when none is given", async () => {
    for (const body of [{}, { name: null }, { name: "" }, undefined]) {
      const answer = await as(owner, "POST /apps", body);
      expect([answer.status, answer.body.name]).toEqual([
        201,
        expect.stringMatching(/^[a-z]+-[a-z]+-\d{5}$/),
      ]);
    }
  });

  test.each([
    "ab",
    "x".repeat(31),
    "Capital",
    "under_score",
    "dotted.name",
    "-dash",
    "dash-",
    "two--dashes",
    "1digit",
    "ünï",
    "with space",
    "../first",
    "api",
    "git",
    "registry",
    "www",
    newId(),
  ])("may not be %j, new or changed", async (name) => {
    for (const route of ["POST /apps", "PATCH /apps/first"]) {
      const answer = await as(owner, route, { name });
      expect([route, answer.status, answer.body.id]).toEqual([route, 422, "invalid_params"]);
    }
    expect((await as(owner, "GET /apps/first")).status).toBe(200);
  });

  test("can be changed, and the old one leads nowhere", async () => {
    const { body } = await as(owner, "POST /apps", { name: "before" });
    await as(owner, "POST /apps", { name: "neighbor" });
    const taken = await as(owner, "PATCH /apps/before", { name: "neighbor" });
    expect([taken.status, taken.body.message]).toEqual([422, expect.stringContaining("already taken")]);
    const renamed = await as(owner, "PATCH /apps/before", { name: "after" });
    expect(renamed.body).toMatchObject({
      id: body.id,
      name: "after",
      git_url: expect.stringMatching(/\/after\.git$/),
      web_url: expect.stringContaining("//after."),
    });
    expect((await as(owner, "GET /apps/before")).status).toBe(404);
    expect((await as(owner, `GET /apps/${body.id}`)).body.name).toBe("after");
    expect((await as(owner, "PATCH /apps/after", { name: "after" })).status).toBe(200);
  });
});

describe("a deleted app", () => {
  test("is gone by name and id, with all that hung on it", async () => {
    const { body } = await as(owner, "POST /apps", { name: "doomed" });
    await as(owner, "PATCH /apps/doomed/config-vars", { A: "1" });
    await as(owner, "POST /apps/doomed/collaborators", { user: other.email });
    expect((await as(owner, "DELETE /apps/doomed")).status).toBe(200);
    for (const identity of ["doomed", body.id])
      for (const path of ["", "/releases", "/config-vars", "/collaborators"]) {
        const answer = await as(owner, `GET /apps/${identity}${path}`);
        expect([answer.status, answer.body.resource]).toEqual([404, "app"]);
      }
    expect((await as(owner, "DELETE /apps/doomed")).status).toBe(404);
    const apps = (await as(other, "GET /apps")).body as { name: string }[];
    expect(apps.map(({ name }) => name)).not.toContain("doomed");
  });

  test("was deleted by one of several who tried at once", async () => {
    await as(owner, "POST /apps", { name: "contested" });
    const answers = await Promise.all([1, 2, 3, 4].map(() => as(owner, "DELETE /apps/contested")));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404, 404, 404]);
    const { rows } = await control.context.database.query(
      "select 1 from events where kind = 'app.deleted' and data->>'name' = 'contested'",
    );
    expect(rows).toHaveLength(1);
  });
});

test("an app made many times at once under one name exists once", async () => {
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => as(owner, "POST /apps", { name: "racy" })),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 422, 422, 422, 422]);
  expect(answers.every(({ status, body }) => status === 201 || /taken/.test(body.message))).toBe(true);
});

describe("collaborators", () => {
  test("are added, listed, found and removed, each once", async () => {
    await as(owner, "POST /apps", { name: "shared" });
    expect((await as(other, "GET /apps/shared")).status).toBe(404);
    const added = await as(owner, "POST /apps/shared/collaborators", { user: { email: other.email } });
    expect(added.body).toMatchObject({ role: "collaborator", user: { email: other.email } });
    const again = await as(owner, "POST /apps/shared/collaborators", { user: other.id });
    expect(again.body.id).toBe(added.body.id);
    const all = (await as(other, "GET /apps/shared/collaborators")).body as { role: string }[];
    expect(all.map(({ role }) => role).sort()).toEqual(["collaborator", "owner"]);
    for (const identity of [added.body.id, other.id, other.email, other.email.toUpperCase()]) {
      const found = await as(owner, `GET /apps/shared/collaborators/${identity}`);
      expect(found.body.id).toBe(added.body.id);
    }
    expect((await as(other, "GET /apps/shared")).status).toBe(200);
    expect((await as(owner, `DELETE /apps/shared/collaborators/${other.email}`)).status).toBe(200);
    expect((await as(owner, `DELETE /apps/shared/collaborators/${other.email}`)).status).toBe(404);
    expect((await as(other, "GET /apps/shared")).status).toBe(404);
  });

  test("may do all but destroy the app", async () => {
    await as(owner, "POST /apps", { name: "worked-on" });
    await as(owner, "POST /apps/worked-on/collaborators", { user: other.email });
    expect((await as(other, "PATCH /apps/worked-on/config-vars", { A: "1" })).status).toBe(200);
    const refused = await as(other, "DELETE /apps/worked-on");
    expect([refused.status, refused.body.id]).toEqual([403, "forbidden"]);
  });

  test("must be somebody, and the owner stays", async () => {
    const nobody = await as(owner, "POST /apps/first/collaborators", { user: "nobody@example.com" });
    expect([nobody.status, nobody.body.message]).toEqual([
      422,
      expect.stringContaining("nobody@example.com"),
    ]);
    const odd = await as(owner, "POST /apps/first/collaborators", { user: {} });
    expect(odd.status).toBe(422);
    const self = await as(owner, `DELETE /apps/first/collaborators/${owner.email}`);
    expect([self.status, self.body.message]).toEqual([
      422,
      expect.stringContaining("owner cannot be removed"),
    ]);
    const twice = await as(owner, "POST /apps/first/collaborators", { user: owner.email });
    expect(twice.body.role).toBe("owner");
  });

  test("added many times at once are one", async () => {
    await as(owner, "POST /apps", { name: "crowded" });
    const add = () => as(owner, "POST /apps/crowded/collaborators", { user: other.email });
    const answers = await Promise.all([add(), add(), add()]);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    const { rows } = await control.context.database.query(
      "select 1 from events e join apps a on a.id = e.app_id where e.kind = 'collaborator.added' and a.name = 'crowded'",
    );
    expect(rows).toHaveLength(1);
  });
});

test("filters narrow the list to ids", async () => {
  const ids = async (body: unknown) =>
    ((await as(owner, "POST /filters/apps", body)).body as { id: string }[]).map(({ id }) => id);
  expect(await ids({ in: { id: [appId] } })).toEqual([appId]);
  expect(await ids({ in: { id: [newId()] } })).toEqual([]);
  expect(await ids({ in: { id: [] } })).toEqual([]);
  expect((await as(other, "POST /filters/apps", { in: { id: [appId] } })).body).toEqual([]);
  const bad = await as(owner, "POST /filters/apps", { in: { id: ["not-an-id"] } });
  expect([bad.status, bad.body.id]).toEqual([422, "invalid_params"]);
});
