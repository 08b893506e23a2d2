import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { insertBuild } from "../delivery/build/build-store.ts";
import { releaseAnImage } from "../delivery/release/release-fixtures.ts";
import { startJobs } from "../drivers/postgres/jobs/index.ts";
import { newId, type Running, silentLogger } from "../kernel/index.ts";
import { startTestControl, type TestControl } from "./control-fixtures.ts";
import { CLEAR_BUILD_CACHE, makeJobKinds } from "./control-jobs.ts";
import { idlePorts } from "./idle-ports-fixtures.ts";

let control: TestControl;
/** What was removed: `<kind of thing> <id>`. */
let removed: string[];
let failing: Set<string>;
/** The digests with which images were collected. */
let collected: (readonly string[])[];
/** The sources that were kept, and from when on all are. */
let keptSources: (readonly [readonly string[], Date])[];
const running: Running[] = [];

beforeAll(async () => {
  control = await startTestControl({ ports: idlePorts() });
});
afterAll(() => control?.stop());
beforeEach(() => {
  removed = [];
  failing = new Set();
  collected = [];
  keptSources = [];
});
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
});

const remove = (what: string) => async (id: string) => {
  if (failing.delete(what)) throw new Error(`${what} cannot be removed just now`);
  removed.push(`${what} ${id}`);
};

/** The kinds of jobs of a worker whose engine notes what it removes. */
function kinds() {
  const { context, engine } = control;
  return makeJobKinds(
    { ...context, logs: { ...context.logs, reader: { ...context.logs.reader, forget: remove("log") } } },
    {
      ...engine,
      repositories: { ...engine.repositories, remove: remove("repository") },
      builder: { ...engine.builder, clearCache: remove("cache") },
      sources: {
        collect: async (kept, before) => {
          keptSources.push([kept, before]);
          return { sources: 1, freedBytes: 10 };
        },
      },
      collection: {
        forget: remove("images"),
        collect: async (known) => {
          collected.push(known);
          return true;
        },
      },
    },
  );
}

async function start(of: ReturnType<typeof kinds>) {
  const { database } = control.context;
  const jobs = await startJobs({ database, kinds: of, logger: silentLogger, pollSeconds: 0.5 });
  running.push(jobs);
  return jobs;
}

const finds = (expected: readonly string[]) =>
  vi.waitFor(() => expect(removed).toEqual(expected), { timeout: 20_000, interval: 50 });

describe("clearing an app's build cache", () => {
  test("asked for before any worker was ever there: the first one does it", async () => {
    const appId = newId();
    const api = await start([]);
    await api.send(CLEAR_BUILD_CACHE, { appId }, appId);
    expect(removed).toEqual([]);
    await start(kinds());
    await finds([`cache ${appId}`]);
  });

  test("one that fails is tried again", async () => {
    const appId = newId();
    failing.add("cache");
    await start(kinds());
    await (await start([])).send(CLEAR_BUILD_CACHE, { appId }, appId);
    await finds([`cache ${appId}`]);
    expect(failing.size).toBe(0);
  });

  test("asked for several times while it waits: done once for each app", async () => {
    const [one, other] = [newId(), newId()];
    const api = await start([]);
    for (const appId of [one, one, other, one]) await api.send(CLEAR_BUILD_CACHE, { appId }, appId);
    await start(kinds());
    await vi.waitFor(() => expect(removed).toHaveLength(2), { timeout: 20_000 });
    expect(new Set(removed)).toEqual(new Set([`cache ${one}`, `cache ${other}`]));
  });
});

describe("removing an app", () => {
  const everything = ["repository app-1", "log app-1", "cache app-1", "images app-1"];
  const removal = () => kinds().find(({ name }) => name === "remove-app");

  test("takes its repository, its log, its cache and the names of its images", async () => {
    await removal()?.run({ appId: "app-1" });
    expect(removed).toEqual(everything);
  });

  test.each(["repository", "log", "cache", "images"])(
    "%s in the way: the next try removes all of it",
    async (what) => {
      failing.add(what);
      await expect(removal()?.run({ appId: "app-1" })).rejects.toThrow("just now");
      await removal()?.run({ appId: "app-1" });
      expect(removed.slice(-4)).toEqual(everything);
    },
  );
});

describe("collecting images", () => {
  const collection = () => kinds().find(({ name }) => name === "collect-images");
  const digestOf = (digit: string) => `sha256:${digit.repeat(64)}`;

  test("keeps those of every release, also of old ones, and not those that were removed or whose app was", async () => {
    const owner = await control.account("owner@example.com");
    const makeApp = async () =>
      (await control.call("POST /apps", { token: owner.token, body: {} })).body as {
        id: string;
        name: string;
      };
    const [first, second] = [await makeApp(), await makeApp()];
    for (const digit of ["a", "b"]) await releaseAnImage(control.context, first.id, { web: "run" }, digit);
    await releaseAnImage(control.context, second.id, { web: "run" }, "b");
    await releaseAnImage(control.context, second.id, { web: "run" }, "c");
    await collection()?.run({});
    expect(collected.map((known) => known.toSorted())).toEqual([["a", "b", "c"].map(digestOf)]);
    await control.context.db
      .withTables<{ oci_images: { digest: string; removed_at: Date } }>()
      .updateTable("oci_images")
      .set({ removed_at: new Date() })
      .where("digest", "=", digestOf("a"))
      .execute();
    await control.call(`DELETE /apps/${second.name}`, { token: owner.token });
    await collection()?.run({});
    expect(collected.at(-1)).toEqual([digestOf("b")]);
  });

  test("is asked for every hour", () => {
    expect(collection()?.schedule).toMatch(/^\d+ \* \* \* \*$/);
  });
});

describe("what is old", () => {
  const job = (name: string) => kinds().find((one) => one.name === name);
  const source = (digit: string) => `sha256:${digit.repeat(64)}`;

  test("sources of builds that are under way are kept, and all of the last day", async () => {
    const owner = await control.account("builder@example.com");
    const app = (await control.call("POST /apps", { token: owner.token, body: {} })).body as { id: string };
    const { db, clock, newId: makeId } = control.context;
    const actor = { id: makeId(), email: "builder@example.com" };
    const of = { appId: app.id, actor, sourceUrl: null, sourceChecksum: null, sourceVersion: null };
    const build = { ...of, sourceDescription: null, gitRef: null, stack: "cnb", now: clock() };
    await insertBuild(db, { ...build, id: makeId(), sourceDigest: source("1") });
    await job("collect-sources")?.run({});
    const [kept, before] = keptSources[0] ?? [];
    expect(kept).toContain(source("1"));
    expect(clock().getTime() - (before?.getTime() ?? 0)).toBeGreaterThanOrEqual(24 * 60 * 60 * 1_000);
  });

  test("releases expire, and nothing happens where none is old", async () => {
    await job("expire-releases")?.run({});
    expect(job("expire-releases")?.schedule).toMatch(/^\d+ \* \* \* \*$/);
    expect(job("collect-sources")?.schedule).toMatch(/^\d+ \* \* \* \*$/);
  });
});
