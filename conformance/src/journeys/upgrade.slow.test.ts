import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { controlApp } from "../app-control.ts";
import { readFixtureHome, unpackFixtureHome } from "../fixture-home.ts";
import { answers } from "../fixture-life.ts";
import { type Journey, type JourneyApp, joinJourney, openApp } from "../journey.ts";
import { type Load, startLoad } from "../load.ts";
import { hasCommit, placeTree } from "../older-tree.ts";
import { findRemains } from "../platform-remains.ts";
import { readLog } from "../read-log.ts";
import {
  CLONE,
  freePorts,
  makeHome,
  type RunningPlatform,
  removeHome,
  startPlatform,
} from "../running-platform.ts";
import { sitDown } from "../stock-client.ts";
import { waitUntil } from "../wait-until.ts";

/**
 * The present version starts with the home that an older one left, and takes the place of one that serves visitors. Each test
 * goes on where the one before it ended.
 */

const older = readFixtureHome();
const { app: left } = older;
const START_MS = 240_000;
const PATIENCE = 60_000;

/** The steps of the schema that the older version did not know. */
const newSteps = readdirSync(join(CLONE, "platform/src/drivers/postgres/migrations"))
  .map((file) => /^(\d{4}-[a-z-]+)\.ts$/.exec(file)?.[1] ?? "")
  .filter((name) => name !== "" && !older.migrations.includes(name))
  .sort();

interface ListedRelease {
  readonly version: number;
  readonly description: string;
}

async function releases(journey: Journey): Promise<readonly ListedRelease[]> {
  const { body } = await journey.api("GET", `/apps/${left.name}/releases`);
  return (body as ListedRelease[])
    .map(({ version, description }) => ({ version, description }))
    .sort((a, b) => a.version - b.version);
}

describe("the home of an older version", () => {
  let home: string;
  let journey: Journey;
  let app: JourneyApp;

  beforeAll(async () => {
    home = makeHome();
    unpackFixtureHome(home);
    const platform = await startPlatform({ home });
    journey = joinJourney(platform, await sitDown(platform, { logIn: true }));
    app = openApp(platform, journey.person, { name: left.name, folder: journey.person.folder("app") });
  }, START_MS);
  afterAll(async () => {
    await journey?.end();
    removeHome(home);
  });

  test("serves its app without a push", async () => {
    await answers(journey.platform, left.answers);
  });

  test("gets the steps of the schema that it lacked", () => {
    const logs = readdirSync(join(home, "log")).filter((name) => name.startsWith("control"));
    const lines = logs.flatMap((name) => readFileSync(join(home, "log", name), "utf8").split("\n"));
    const taken = lines.filter((line) => line.includes("schema migrated")).map((line) => JSON.parse(line));
    expect(newSteps).not.toEqual([]);
    expect(taken.map(({ applied }) => applied)).toEqual([newSteps]);
  });

  test("has its account, config vars, releases and formation", async () => {
    expect(await app.printed("config", "-a", left.name, "--json")).toBe(
      `${JSON.stringify(left.configVars, undefined, 2)}\n`,
    );
    expect(await releases(journey)).toEqual(left.releases);
    const formation = (await journey.api("GET", `/apps/${left.name}/formation`)).body;
    for (const process of left.formation) expect(formation).toContainEqual(expect.objectContaining(process));
    await controlApp(journey, app).dynosAre("worker", ["up"], PATIENCE);
  });

  test("has its logs, and writes on", async () => {
    expect(await readLog(journey.platform, left.name)).toContain("a line from two");
    await app.page("/log");
    const lines = async () =>
      (await readLog(journey.platform, left.name)).match(/a line from two/g)?.length ?? 0;
    await waitUntil("the next line of the app", async () => (await lines()) > 1);
  });

  test("goes back to a release of before", async () => {
    await app.printed("rollback", `v${left.earlier.version}`, "-a", left.name);
    await answers(journey.platform, left.earlier.answers);
    expect((await releases(journey)).at(-1)?.description).toBe(`Rollback to v${left.earlier.version}`);
  });

  test("has its history of commits, and takes a push", async () => {
    const url = (await journey.api("GET", `/apps/${left.name}`)).body.git_url;
    const cloned = await journey.person.git(["clone", "--quiet", "--origin", "heroku", url, app.folder]);
    expect(cloned.code, cloned.all).toBe(0);
    expect((await app.git("rev-parse", "HEAD")).stdout.trim()).toBe(left.pushed);
    await app.commit({ "label.txt": "three\n" });
    expect((await app.push()).stderr).toContain("Verifying deploy... done.");
    await answers(journey.platform, left.earlier.answers.replace("one", "three"));
  });

  test("is left as clean as any", async () => {
    expect(await journey.platform.stop()).toBe(0);
    expect(findRemains(home)).toEqual([]);
  });
});

describe.skipIf(!hasCommit(older.commit))("an older version that serves visitors", () => {
  let folder: string;
  let home: string;
  let ports: readonly [number, number, number];
  let running: RunningPlatform | undefined;
  let load: Load;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "conifer-upgrade-"));
    home = makeHome();
    ports = await freePorts();
    placeTree(older.commit, join(folder, "older"));
    unpackFixtureHome(home);
    running = await startPlatform({ clone: join(folder, "older"), home, ports });
    await answers(running, left.answers);
    load = startLoad({ routerPort: ports[1], host: `${left.name}.localhost`, everyMs: 20 });
  }, START_MS);
  afterAll(async () => {
    await load?.stop();
    await running?.stop();
    removeHome(home);
    rmSync(folder, { recursive: true, force: true });
  });

  test(
    "makes room for the present one: visits fail from its end until that one serves, and at no other time",
    async () => {
      await load.nextGood();
      const end = performance.now();
      expect(await running?.stop()).toBe(0);
      running = await startPlatform({ home, ports });
      const served = await load.nextGood(PATIENCE);
      const count = load.answers().length;
      await waitUntil("a hundred more answers", () => load.answers().length > count + 100);
      // A visit under way when its dyno is told to end is one of the window.
      const window = ({ began, ended }: { began: number; ended: number }) =>
        ended >= end && began < served.began;
      expect(load.failures().filter((failure) => !window(failure))).toEqual([]);
      expect(
        new Set(
          load
            .answers()
            .filter(({ status }) => status === 200)
            .map(({ text }) => text),
        ),
      ).toEqual(new Set([`${left.answers}\n`]));
    },
    START_MS,
  );

  test(
    "does not start with the home any more, and says which steps of the schema it does not know",
    async () => {
      await load.stop();
      expect(await running?.stop()).toBe(0);
      running = undefined;
      const refused = startPlatform({ clone: join(folder, "older"), home, ports }).then(
        (started) => started.stop().then(() => "started"),
        String,
      );
      expect(await refused).toContain(newSteps.join(", "));
      running = await startPlatform({ home, ports });
      await answers(running, left.answers);
    },
    START_MS,
  );
});
