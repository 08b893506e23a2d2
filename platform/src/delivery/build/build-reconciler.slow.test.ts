import { setTimeout as after } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { deleteApp } from "../../apps/app/app-store.ts";
import { killAtEveryStep, untilKilled } from "../../drivers/postgres/store/crash-fixtures.ts";
import { invalidParams, newId, systemClock } from "../../kernel/index.ts";
import { insertCoupling, insertPipeline } from "../pipeline/pipeline-store.ts";
import { startTestDelivery, type TestDelivery } from "../release/delivery-fixtures.ts";
import { changeAppConfig } from "../release/index.ts";
import { imageInfo, releaseAnImage } from "../release/release-fixtures.ts";
import { updateHead } from "../release/release-store.ts";
import { recordInventory } from "../sbom/index.ts";
import type { BuildResult } from "./build-ports.ts";
import { listAppsWithBuilds } from "./build-store.ts";
import { cancelBuild } from "./create-build.ts";
import { COMMIT, makeTestBuilds, type TestBuilds } from "./delivered-build-fixtures.ts";

let world: TestDelivery;
let builds: TestBuilds;

beforeAll(async () => {
  world = await startTestDelivery();
});
afterAll(() => world.stop());
beforeEach(async () => {
  builds = await makeTestBuilds(world);
  builds.script("good");
});

const GIT = { gitRef: "refs/heads/main" };
const DONE = `-----> Launching...
       Released v2
       http://app.localhost:8080/ deployed to Conifer

Verifying deploy... done.
`;

const FAILED: BuildResult = { kind: "failed", message: "No package.json.\nAdd one.", exitCode: 20 };
const LOST: BuildResult = { kind: "lost", message: "The machine went away." };

/** What each way of a build leaves behind. */
const table: {
  name: string;
  prepare: (on: TestBuilds) => Promise<unknown>;
  status: string;
  message?: string;
  output: string;
  moves?: readonly string[];
  history?: readonly string[];
}[] = [
  {
    name: "a push that builds",
    prepare: (on) => on.accept(GIT),
    status: "succeeded",
    output: `-----> Building\n${DONE}`,
    moves: ["refs/heads/main to 01234567"],
    history: ["v2 succeeded current: Deploy 01234567"],
  },
  {
    name: "a push that does not build",
    prepare: async (on) => {
      on.script("bad", { result: FAILED });
      await on.accept({ ...GIT, sourceDigest: "bad" });
    },
    status: "failed",
    message: "No package.json.\nAdd one.",
    output: "-----> Building\n\n !     Push failed: No package.json.\n !     Add one.\n\n",
  },
  {
    name: "a source by address",
    prepare: (on) => {
      on.script("digest of https://example.com/a.tgz");
      return on.accept({
        sourceDigest: undefined,
        sourceUrl: "https://example.com/a.tgz",
        sourceVersion: "v1",
      });
    },
    status: "succeeded",
    output: `-----> Fetching source\n-----> Building\n${DONE}`,
    history: ["v2 succeeded current: Deploy v1"],
  },
  {
    name: "a source that warns",
    prepare: (on) => {
      on.outside.fetch = async () => ({ digest: "good", warnings: ["big.bin is a Git LFS pointer."] });
      return on.accept({ sourceDigest: undefined, sourceUrl: "https://example.com/a.tgz" });
    },
    status: "succeeded",
    output: `-----> Fetching source\n\n !     big.bin is a Git LFS pointer.\n\n-----> Building\n${DONE}`,
    history: ["v2 succeeded current: Deploy 01234567"],
  },
  {
    name: "a source that cannot be had",
    prepare: (on) => {
      on.outside.fetch = async () => {
        throw invalidParams("The address answered 404.");
      };
      return on.accept({ sourceDigest: undefined, sourceUrl: "https://example.com/a.tgz" });
    },
    status: "failed",
    message: "The address answered 404.",
    output: "-----> Fetching source\n\n !     Push failed: The address answered 404.\n\n",
  },
  {
    name: "a build that the engine gave up by itself",
    prepare: (on) => {
      on.script("stopped", { result: { kind: "cancelled" } });
      return on.accept({ sourceDigest: "stopped" });
    },
    status: "failed",
    message: "The build was cancelled.",
    output: "-----> Building\n\n !     Push failed: The build was cancelled.\n\n",
  },
  {
    name: "a release whose dynos do not start",
    prepare: (on) => {
      on.outside.verdict = { kind: "crashed", message: "web.1 exited with status 1 while starting." };
      return on.accept();
    },
    status: "succeeded",
    output: `-----> Building\n${DONE.replace("done.\n", "failed.\n\n !     web.1 exited with status 1 while starting.\n\n")}`,
    history: ["v2 succeeded current: Deploy 01234567"],
  },
  {
    name: "a release whose dynos take too long to tell",
    prepare: (on) => {
      on.outside.verdict = { kind: "unknown", message: "a newer release has taken over." };
      return on.accept();
    },
    status: "succeeded",
    output: `-----> Building\n${DONE.replace("done.", "not finished: a newer release has taken over.")}`,
    history: ["v2 succeeded current: Deploy 01234567"],
  },
];

describe.each(table)("$name", ({ prepare, status, message, output, moves = [], history = [] }) => {
  async function check(on: TestBuilds) {
    const [spec] = await world.database
      .query("select id, status from builds where app_id = $1", [on.app.id])
      .then(({ rows }) => rows as { id: string; status: string }[]);
    const build = await on.find(spec?.id ?? "");
    expect(build).toMatchObject({ status, message: message ?? null, finishedAt: expect.any(Date) });
    expect(on.outputs.textOf(build?.id ?? "")).toBe(output);
    expect(on.outputs.ended.has(build?.id ?? "")).toBe(true);
    expect([...new Set(on.moves)]).toEqual(moves);
    expect((await world.history(on.app.id)).slice(1)).toEqual(history);
    const events = await world.eventsOf(on.app.id);
    expect(events.filter(({ kind }) => kind === "build.finished").map(({ data }) => data)).toEqual([
      { build_id: build?.id, status },
    ]);
    expect(on.builder.begun.length).toBeLessThanOrEqual(1);
    expect(await listAppsWithBuilds(world.db)).not.toContain(on.app.id);
  }

  test("in one round, and a second changes nothing", async () => {
    await prepare(builds);
    expect(await builds.round()).toEqual({ kind: "done" });
    await check(builds);
    expect(builds.moves).toEqual(moves);
    await builds.round();
    await check(builds);
  });

  test("also when the process is killed at any step and another goes on", async () => {
    const killed = await killAtEveryStep(async (process) => {
      const on = await makeTestBuilds(world);
      on.script("good");
      await prepare(on);
      await untilKilled(on.round(process));
      const revive = async () => {
        await on.round();
        await check({ ...on, outputs: toldAgain(on.outputs, output) });
      };
      return { revive };
    });
    expect(killed).toBeGreaterThan(8);
  });
});

/**
 * After a kill the end of a push may be told twice, and a warning of a source that is not fetched again is not repeated.
 * All the rest must be there, and the end must be last.
 */
function toldAgain(outputs: TestBuilds["outputs"], whole: string): TestBuilds["outputs"] {
  const lines = whole.split("\n").filter((line) => !line.includes("LFS"));
  const textOf = (id: string) => {
    const text = outputs.textOf(id) ?? "";
    return lines.every((line) => text.includes(line)) && text.endsWith(whole.slice(-30)) ? whole : text;
  };
  return { ...outputs, textOf };
}

describe("builds of one app", () => {
  test("run one at a time, in the order they were accepted", async () => {
    builds.script("first", {
      hold: true,
      result: { kind: "succeeded", image: imageInfo({ web: "1" }, "a") },
    });
    builds.script("second", { result: { kind: "succeeded", image: imageInfo({ web: "2" }, "b") } });
    const first = await builds.accept({ sourceDigest: "first" });
    const second = await builds.accept({ sourceDigest: "second" });
    const rounds = builds.round();
    await vi.waitFor(() => expect(builds.builder.begun.map(({ id }) => id)).toEqual([first.id]));
    builds.builder.release(first.id);
    await rounds;
    expect(builds.builder.begun.map(({ id }) => id)).toEqual([first.id, second.id]);
    expect((await world.current(builds.app.id))?.imageDigest).toBe(`sha256:${"b".repeat(64)}`);
    expect(builds.builder.begun[1]?.previousImage).toBe(`sha256:${"a".repeat(64)}`);
  });

  test("get the app's config, name, source and version", async () => {
    await changeAppConfig({ appId: builds.app.id, actor: world.actor, change: { A: "1" } }, world);
    const { id } = await builds.accept();
    await builds.round();
    expect(builds.builder.begun).toEqual([
      {
        id,
        appId: builds.app.id,
        appName: builds.app.name,
        ownerId: builds.app.ownerId,
        rank: 1,
        acceptedAt: (await builds.find(id))?.createdAt.toISOString(),
        source: "good",
        sourceVersion: COMMIT,
        env: { A: "1" },
        stack: "cnb",
        timeoutSeconds: 900,
      },
    ]);
  });

  test("of an app that is production in its pipeline go before others of its owner", async () => {
    const pipeline = newId();
    const now = systemClock();
    await insertPipeline(world.db, { id: pipeline, name: "line", ownerId: builds.app.ownerId, now });
    const coupling = {
      id: newId(),
      appId: builds.app.id,
      pipelineId: pipeline,
      stage: "production",
    } as const;
    await insertCoupling(world.db, { ...coupling, now });
    await builds.accept();
    await builds.round();
    expect(builds.builder.begun.map(({ rank }) => rank)).toEqual([0]);
  });

  test("a build that finishes after a later one has released keeps its image, and is not released", async () => {
    const { id, sequence } = await builds.accept(GIT);
    await updateHead(world.db, builds.app.id, { newestBuild: sequence + 1n });
    await builds.round();
    expect(await builds.find(id)).toMatchObject({
      status: "succeeded",
      releaseId: null,
      imageId: expect.any(String),
    });
    expect(await world.releases(builds.app.id)).toHaveLength(1);
    expect(builds.outputs.textOf(id)).toContain("A newer build has already released");
  });

  test("release after a rollback that was made while they ran", async () => {
    const old = await releaseAnImage(world, builds.app.id, { web: "old" }, "c");
    builds.script("held", { hold: true });
    const { id } = await builds.accept({ sourceDigest: "held" });
    const rounds = builds.round();
    await vi.waitFor(() => expect(builds.builder.begun).toHaveLength(1));
    await releaseAnImage(world, builds.app.id, { web: "older" }, "d");
    builds.builder.release(id);
    await rounds;
    expect(await world.current(builds.app.id)).toMatchObject({ version: 4, buildId: id });
    expect(old.version).toBe(2);
  });
});

describe("an engine that goes away", () => {
  test("under a build has it built again, and the output says so", async () => {
    builds.script("held", { hold: true });
    const { id } = await builds.accept({ sourceDigest: "held" });
    const rounds = builds.round();
    await vi.waitFor(() => expect(builds.outputs.textOf(id)).toContain("Building"));
    builds.builder.lose();
    await vi.waitFor(() => expect(builds.builder.begun).toHaveLength(2));
    builds.builder.release(id);
    await rounds;
    expect(await builds.find(id)).toMatchObject({ status: "succeeded", attempts: 1 });
    expect(builds.outputs.textOf(id)).toContain(
      "-----> Building\n\n-----> The build engine went away; building again\n-----> Building\n",
    );
  });

  test("three times fails the build", async () => {
    builds.script("poison", { result: LOST });
    const { id } = await builds.accept({ sourceDigest: "poison" });
    await builds.round();
    expect(await builds.find(id)).toMatchObject({
      status: "failed",
      message: "The machine went away. It was tried 3 times.",
      attempts: 3,
    });
  });

  test("before the build has begun is waited for as long as it takes", async () => {
    builds.script("absent", { output: [], result: LOST });
    const { id } = await builds.accept({ sourceDigest: "absent" });
    const rounds = builds.round();
    await vi.waitFor(() => expect(builds.outputs.textOf(id)).toContain("Waiting for the build engine"));
    await after(50);
    expect(await builds.find(id)).toMatchObject({ status: "pending", attempts: 0 });
    builds.script("absent");
    builds.builder.lose();
    await rounds;
    expect(await builds.find(id)).toMatchObject({ status: "succeeded" });
    expect(builds.outputs.textOf(id)?.match(/Waiting for the build engine/g)).toHaveLength(1);
  });
});

describe("something of ours that fails", () => {
  test("is tried again, and is given up after a few times", async () => {
    builds.outside.fetch = () => Promise.reject(new Error("the disk is full"));
    const { id } = await builds.accept({ sourceDigest: undefined, sourceUrl: "https://example.com/a.tgz" });
    await expect(builds.round()).rejects.toThrow("the disk is full");
    await expect(builds.round()).rejects.toThrow("the disk is full");
    expect(await builds.find(id)).toMatchObject({ status: "pending", attempts: 2 });
    await builds.round();
    expect(await builds.find(id)).toMatchObject({ status: "failed" });
    expect(builds.outputs.textOf(id)).toMatch(/Conifer could not run this build \(error [0-9a-f-]{36}\)/);
  });

  test("while the branch moves leaves the build to be finished, without building again", async () => {
    const { moveRef } = builds.outside;
    builds.outside.moveRef = () => Promise.reject(new Error("the ref is locked"));
    const { id } = await builds.accept(GIT);
    await expect(builds.round()).rejects.toThrow("the ref is locked");
    expect(await builds.find(id)).toMatchObject({ status: "pending", imageId: expect.any(String) });
    builds.outside.moveRef = moveRef;
    await builds.round();
    expect(await builds.find(id)).toMatchObject({ status: "succeeded" });
    expect([builds.moves, builds.builder.begun.length]).toEqual([["refs/heads/main to 01234567"], 1]);
  });
});

describe("a cancelled build", () => {
  const cancel = (buildId: string) =>
    cancelBuild({ appId: builds.app.id, buildId, actor: world.actor }, { ...world, builder: builds.builder });
  const CANCELLED = "\n !     Push failed: The build was cancelled.\n\n";

  test("in line never runs", async () => {
    const [first, second] = [await builds.accept(), await builds.accept()];
    expect(await cancel(first.id)).toMatchObject({ status: "cancelled" });
    await builds.round();
    expect(builds.builder.begun.map(({ id }) => id)).toEqual([second.id]);
    expect(builds.outputs.textOf(first.id)).toBe(CANCELLED);
    expect(builds.outputs.ended.has(first.id)).toBe(true);
  });

  test("that runs is stopped, the branch stays, and the next has its turn", async () => {
    builds.script("held", { hold: true });
    const first = await builds.accept({ ...GIT, sourceDigest: "held" });
    const second = await builds.accept();
    const rounds = builds.round();
    await vi.waitFor(() => expect(builds.outputs.textOf(first.id)).toContain("Building"));
    await cancel(first.id);
    await rounds;
    expect(await builds.find(first.id)).toMatchObject({ status: "cancelled", finishedAt: expect.any(Date) });
    expect(builds.outputs.textOf(first.id)).toBe(`-----> Building\n${CANCELLED}`);
    expect(await builds.find(second.id)).toMatchObject({ status: "succeeded" });
    expect(builds.moves).toEqual([]);
  });

  test("whose engine did not hear of it is stopped all the same", async () => {
    builds.script("held", { hold: true });
    const { id } = await builds.accept({ sourceDigest: "held" });
    const rounds = builds.round();
    await vi.waitFor(() => expect(builds.builder.begun).toHaveLength(1));
    const deaf = { ...builds.builder, cancel: () => Promise.reject(new Error("away")) };
    const wanted = { appId: builds.app.id, buildId: id, actor: world.actor };
    expect(await cancelBuild(wanted, { ...world, builder: deaf })).toMatchObject({ status: "cancelled" });
    expect(await rounds).toEqual({ kind: "done" });
  });

  test("cannot be one that has its image", async () => {
    builds.outside.moveRef = () => Promise.reject(new Error("the ref is locked"));
    const { id } = await builds.accept(GIT);
    await expect(builds.round()).rejects.toThrow();
    await expect(cancel(id)).rejects.toMatchObject({ id: "conflict" });
  });

  test("of an app that is deleted is stopped", async () => {
    builds.script("held", { hold: true });
    await builds.accept({ sourceDigest: "held" });
    const rounds = builds.round();
    await vi.waitFor(() => expect(builds.builder.begun).toHaveLength(1));
    await deleteApp(world.db, builds.app.id);
    expect(await rounds).toEqual({ kind: "done" });
  });
});

test("a stop of Conifer leaves the build to the engine, which is joined by the next process", async () => {
  builds.script("held", { hold: true });
  const { id } = await builds.accept({ ...GIT, sourceDigest: "held" });
  const stopping = new AbortController();
  const rounds = builds.round(undefined, stopping.signal);
  await vi.waitFor(() => expect(builds.outputs.textOf(id)).toContain("Building"));
  stopping.abort();
  expect(await rounds).toMatchObject({ kind: "waiting", reason: "stopping" });
  expect(await builds.find(id)).toMatchObject({ status: "pending", attempts: 0 });
  const next = builds.round();
  builds.builder.release(id);
  await next;
  expect(await builds.find(id)).toMatchObject({ status: "succeeded" });
  expect(builds.builder.begun).toHaveLength(1);
  expect(builds.outputs.textOf(id)).toBe(`-----> Building\n${DONE}`);
});

describe("what is said of an image", () => {
  const onRecord = async (appId: string) => {
    const { rows } = await world.database.query(
      "select (select count(*) from oci_images where app_id = $1) as images, " +
        "(select count(*) from image_components where app_id = $1) as said",
      [appId],
    );
    return (rows as { images: string; said: string }[])[0];
  };

  /** Says one thing of each image, on record with it. */
  const saying = (appId: string): TestBuilds["outside"]["attest"] => {
    return async (_, { digest: imageDigest }) =>
      async (trx) => {
        const inventory = { components: [], remarks: [] };
        await recordInventory(trx, { appId, imageDigest, inventory, now: world.clock() });
      };
  };

  test("comes on record with the image, wherever the process is killed", async () => {
    await killAtEveryStep(async (process) => {
      const on = await makeTestBuilds(world);
      on.script("good");
      on.outside.attest = saying(on.app.id);
      await on.accept(GIT);
      await untilKilled(on.round(process));
      const left = await onRecord(on.app.id);
      expect(left?.said).toBe(left?.images);
      const revive = async () => {
        await on.round();
        expect(await onRecord(on.app.id)).toEqual({ images: "1", said: "1" });
        expect(await world.history(on.app.id)).toContain("v2 succeeded current: Deploy 01234567");
      };
      return { revive };
    });
  });

  test("that never can be said fails the build with why, and nothing is released", async () => {
    builds.outside.attest = async () => {
      throw invalidParams("The repository is full. Ask the operator.");
    };
    const { id } = await builds.accept(GIT);
    await builds.round();
    expect(await builds.find(id)).toMatchObject({
      status: "failed",
      message: "The repository is full. Ask the operator.",
    });
    expect([await world.history(builds.app.id), builds.moves]).toEqual([[expect.stringMatching(/^v1/)], []]);
  });

  test("is tried again when the store is away, and given up after some times", async () => {
    let calls = 0;
    builds.outside.attest = async () => {
      calls += 1;
      throw new Error("the store is away");
    };
    const { id } = await builds.accept(GIT);
    for (let round = 0; round < 2; round += 1) await expect(builds.round()).rejects.toThrow("away");
    expect(await builds.find(id)).toMatchObject({ status: "pending", imageId: null });
    await builds.round();
    expect([calls, (await builds.find(id))?.status]).toEqual([3, "failed"]);
  });
});
