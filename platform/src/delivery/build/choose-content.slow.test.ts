import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { invalidParams } from "../../kernel/index.ts";
import { startTestDelivery, type TestDelivery } from "../release/delivery-fixtures.ts";
import { changeAppConfig, rollBack } from "../release/index.ts";
import { makeTestBuilds, type TestBuilds } from "./delivered-build-fixtures.ts";

let world: TestDelivery;
let builds: TestBuilds;
/** The content of the folder `web` in each source. */
let contents: Record<string, string>;

beforeAll(async () => {
  world = await startTestDelivery();
});
afterAll(() => world.stop());
beforeEach(async () => {
  builds = await makeTestBuilds(world);
  contents = {};
  builds.outside.cutSource = async (digest, folder) => ({
    digest: `${folder}: ${contents[digest] ?? digest}`,
  });
  for (const content of ["one", "two"]) builds.script(`web: ${content}`);
  await configure({ PROJECT_PATH: "web" });
});

const configure = (change: Record<string, string | null>) =>
  changeAppConfig({ appId: builds.app.id, actor: world.actor, change }, world);

/** A push of a source whose folder has this content; the kind of its end is what the output says. */
async function push(source: string, content: string): Promise<string> {
  contents[source] = content;
  const { id } = await builds.accept({ sourceDigest: source, gitRef: "refs/heads/main" });
  await builds.round();
  expect(await builds.find(id)).toMatchObject({ status: "succeeded", finishedAt: expect.any(Date) });
  return builds.outputs.textOf(id) ?? "";
}

const UNCHANGED = /^-----> Nothing changed in the folder that PROJECT_PATH names: v(\d+) stays as it is\n$/;
const currentVersion = async () => (await world.current(builds.app.id))?.version;

describe("an app that is a folder of its repository", () => {
  test("is built from that folder", async () => {
    await push("first", "one");
    expect(builds.builder.begun.map(({ source }) => source)).toEqual(["web: one"]);
  });

  test("is not built, and keeps its release, when only something beside the folder changed", async () => {
    await push("first", "one");
    const output = await push("second", "one");
    expect(UNCHANGED.exec(output)?.[1]).toBe(String(await currentVersion()));
    expect(builds.builder.begun).toHaveLength(1);
    expect(builds.moves).toHaveLength(2);
    expect(await currentVersion()).toBe(3);
  });

  test("is built when something in the folder changed, and when it changed back", async () => {
    await push("first", "one");
    await push("second", "two");
    await push("third", "one");
    expect(builds.builder.begun).toHaveLength(3);
    expect(await currentVersion()).toBe(5);
  });

  test("is built when its config changed since", async () => {
    await push("first", "one");
    await configure({ NPM_FLAGS: "x" });
    await push("second", "one");
    expect(builds.builder.begun).toHaveLength(2);
    expect(await push("third", "one")).toMatch(UNCHANGED);
  });

  test("stays with the release it was rolled back to, when that is of the same content", async () => {
    await push("first", "one");
    await push("second", "two");
    await rollBack({ appId: builds.app.id, actor: world.actor, to: "v3" }, world);
    expect(await push("third", "one")).toMatch(UNCHANGED);
    expect(await push("fourth", "two")).toContain("Released v6");
  });

  test("whose folder is not there fails with what to set", async () => {
    builds.outside.cutSource = async () => {
      throw invalidParams("There are no files in web.");
    };
    const { id } = await builds.accept();
    await builds.round();
    expect(await builds.find(id)).toMatchObject({ status: "failed", message: "There are no files in web." });
  });
});

test("an app that is a whole repository is built at each push", async () => {
  await configure({ PROJECT_PATH: null });
  builds.script("same");
  await push("same", "one");
  await push("same", "one");
  expect(builds.builder.begun.map(({ source }) => source)).toEqual(["same", "same"]);
});
