import { validateResponse } from "@conifer/contract/validation";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { newId } from "../kernel/index.ts";
import { startTestControl, type TestControl } from "./control-fixtures.ts";
import { idlePorts } from "./idle-ports-fixtures.ts";

type Made = Awaited<ReturnType<TestControl["account"]>>;
let control: TestControl;
let owner: Made;
let helper: Made;
let stranger: Made;
let made = 0;
/** The names of this test's pipeline and app, both the owner's. */
let line: string;
let app: string;
/** The pipeline's id: couplings go by it. */
let lineId: string;

beforeAll(async () => {
  control = await startTestControl({ ports: idlePorts() });
  owner = await control.account("owner@example.com");
  helper = await control.account("helper@example.com");
  stranger = await control.account("stranger@example.com");
});
afterAll(() => control.stop());
beforeEach(async () => {
  made += 1;
  [line, app] = [`line-${made}`, `app-${made}`];
  await as(owner, "POST /apps", { name: app });
  const answer = await as(owner, "POST /pipelines", { name: line });
  expect(answer.status).toBe(201);
  lineId = answer.body.id;
});

const as = (who: Made, route: string, body?: unknown) =>
  control.call(route, { token: who.token, ...(body === undefined ? {} : { body }) });
const couple = (who: Made, stage: string, [of, into] = [app, lineId]) =>
  as(who, "POST /pipeline-couplings", { app: of, pipeline: into, stage });
/** The stock client asks by name like this. */
const named = async (who: Made, name: string) =>
  (await as(who, `GET /pipelines?eq[name]=${name}`)).body.map((one: { name: string }) => one.name);

describe("a pipeline", () => {
  test("is shown with its owner and generation", async () => {
    const { body } = await as(owner, `GET /pipelines/${line}`);
    expect(body).toMatchObject({ name: line, owner: { id: owner.id, type: "user" } });
    expect(body.generation.name).toBe("cedar");
    expect((await as(owner, `GET /pipelines/${body.id.toUpperCase()}`)).body).toEqual(body);
    expect(await named(owner, line)).toEqual([line]);
    expect(await named(owner, "another")).toEqual([]);
  });

  test.each([
    [{ name: "X" }, 422, "The field name must be of the form"],
    [{ name: "good-name", generation: { name: "fir" } }, 422, "are cedar"],
    [{ name: "good-name", owner: { id: newId(), type: "user" } }, 422, "by its owner"],
    [{ name: "good-name", owner: { id: newId(), type: "team" } }, 404, "team"],
    [{}, 422, "name"],
  ])("of %j is refused", async (body, status, message) => {
    const answer = await as(owner, "POST /pipelines", body);
    expect([answer.status, answer.body.message]).toEqual([status, expect.stringContaining(message)]);
  });

  test("has a name that its owner has no other of; others may", async () => {
    const twice = await as(owner, "POST /pipelines", { name: line });
    expect([twice.status, twice.body.message]).toEqual([
      422,
      `You have a pipeline named ${line} already. Choose another name.`,
    ]);
    expect((await as(stranger, "POST /pipelines", { name: line })).status).toBe(201);
    expect((await as(owner, `GET /pipelines/${line}`)).body.owner.id).toBe(owner.id);
  });

  test("is renamed and destroyed by its owner; its apps stay", async () => {
    await couple(owner, "staging");
    const renamed = await as(owner, `PATCH /pipelines/${line}`, { name: `${line}-b` });
    expect(renamed.body.name).toBe(`${line}-b`);
    expect((await as(owner, `GET /apps/${app}/pipeline-couplings`)).body.pipeline.name).toBe(`${line}-b`);
    await as(owner, "POST /pipelines", { name: line });
    expect((await as(owner, `PATCH /pipelines/${line}-b`, { name: line })).status).toBe(422);
    expect((await as(owner, `DELETE /pipelines/${line}-b`)).status).toBe(200);
    expect((await as(owner, `GET /pipelines/${line}-b`)).status).toBe(404);
    expect((await as(owner, `GET /apps/${app}/pipeline-couplings`)).status).toBe(404);
    expect((await as(owner, `GET /apps/${app}`)).status).toBe(200);
  });

  test("is listed in pages", async () => {
    const page = await control.call("GET /pipelines", {
      token: owner.token,
      headers: { range: "name ..; max=1" },
    });
    expect([page.status, page.body.length]).toEqual([made === 1 ? 200 : 206, 1]);
  });
});

describe("an app", () => {
  test("is in one pipeline, at one stage", async () => {
    const answer = await couple(owner, "staging");
    for (const variant of ["base", "sdk"] as const)
      expect(validateResponse("POST /pipeline-couplings", variant, 201, answer.body)).toEqual([]);
    expect([answer.status, answer.body.stage, answer.body.pipeline.name]).toEqual([201, "staging", line]);
    const { id } = answer.body;
    expect((await as(owner, `GET /apps/${app}/pipeline-couplings`)).body).toEqual(answer.body);
    expect((await as(owner, `GET /pipeline-couplings/${id}`)).body).toEqual(answer.body);
    const again = await couple(owner, "production");
    expect(again.body.message).toBe(
      `The app ${app} is in the pipeline ${line} (staging) already. Take it out first: heroku pipelines:remove -a ${app}`,
    );
    const moved = await as(owner, `PATCH /pipeline-couplings/${id}`, { stage: "production" });
    expect([moved.status, moved.body.stage]).toEqual([200, "production"]);
    const list = await as(owner, `GET /pipelines/${line}/pipeline-couplings`);
    expect(list.body).toEqual([moved.body]);
    expect((await as(owner, "GET /users/~/pipeline-couplings")).body).toContainEqual(moved.body);
    expect((await as(owner, "GET /pipeline-couplings")).body).toContainEqual(moved.body);
    expect((await as(owner, `DELETE /pipeline-couplings/${id}`)).body).toEqual(moved.body);
    const none = await as(owner, `GET /apps/${app}/pipeline-couplings`);
    expect(none.body).toMatchObject({
      resource: "pipeline_coupling",
      message: "This app is in no pipeline.",
    });
  });

  test("that is destroyed has left its pipeline", async () => {
    await couple(owner, "staging");
    await as(owner, `DELETE /apps/${app}`);
    expect((await as(owner, `GET /pipelines/${line}/pipeline-couplings`)).body).toEqual([]);
  });

  test.each([
    ["moon", 422],
    ["production", 404],
  ])("at stage %s of a pipeline or app that is not there is refused", async (stage, status) => {
    expect((await couple(owner, stage, ["no-such-app", lineId])).status).toBe(status);
    expect((await couple(owner, stage, [app, newId()])).status).toBe(status);
  });
});

describe("somebody else", () => {
  test("finds nothing, by any id, and changes nothing", async () => {
    const { id } = (await couple(owner, "staging")).body;
    const theirs = `theirs-${made}`;
    await as(stranger, "POST /apps", { name: theirs });
    const tried = await Promise.all([
      as(stranger, `GET /pipelines/${lineId}`),
      as(stranger, `PATCH /pipelines/${lineId}`, { name: "mine" }),
      as(stranger, `DELETE /pipelines/${lineId}`),
      as(stranger, `GET /pipelines/${lineId}/pipeline-couplings`),
      as(stranger, `GET /pipeline-couplings/${id}`),
      as(stranger, `PATCH /pipeline-couplings/${id}`, { stage: "production" }),
      as(stranger, `DELETE /pipeline-couplings/${id}`),
      couple(stranger, "production", [theirs, lineId]),
      couple(stranger, "production", [app, lineId]),
      as(stranger, `GET /pipelines/not-an-id'`),
      as(stranger, "GET /pipeline-couplings/not-an-id"),
    ]);
    expect(tried.map(({ status }) => status)).toEqual(tried.map(() => 404));
    expect(await named(stranger, line)).toEqual([]);
    expect((await as(stranger, "GET /pipeline-couplings")).body).toEqual([]);
    expect((await as(owner, `GET /pipeline-couplings/${id}`)).body.stage).toBe("staging");
  });

  test("who works on an app sees its pipeline and moves it, but the pipeline is its owner's", async () => {
    const { id } = (await couple(owner, "staging")).body;
    await as(owner, "POST /apps", { name: `${app}-other` });
    await couple(owner, "production", [`${app}-other`, lineId]);
    await as(owner, `POST /apps/${app}/collaborators`, { user: helper.email });
    expect(await named(helper, line)).toEqual([line]);
    const couplings = (await as(helper, `GET /pipelines/${line}/pipeline-couplings`)).body;
    expect(couplings.map((one: { id: string }) => one.id)).toEqual([id]);
    expect((await as(helper, `PATCH /pipeline-couplings/${id}`, { stage: "development" })).status).toBe(200);
    const refused = await as(helper, `DELETE /pipelines/${line}`);
    expect([refused.status, refused.body.message]).toEqual([
      403,
      "Only the pipeline's owner may do that. Ask them to.",
    ]);
    await as(owner, `DELETE /apps/${app}/collaborators/${helper.email}`);
    expect(await named(helper, line)).toEqual([]);
  });
});
