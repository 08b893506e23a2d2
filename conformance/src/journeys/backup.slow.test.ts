import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AppControl, controlApp } from "../app-control.ts";
import { HELLO_APP } from "../app-folder.ts";
import { type Journey, type JourneyApp, joinJourney, openApp, setOut } from "../journey.ts";
import { type PlatformAccess, type RunningPlatform, startPlatform } from "../running-platform.ts";
import { type Person, sitDown } from "../stock-client.ts";
import { trialApp } from "../trial-app.ts";
import { waitUntil } from "../wait-until.ts";

/**
 * A running instance is backed up while visitors, pushes and config changes go on, and restored into another home: what serves there is
 * what was backed up. Each test goes on where the one before it ended.
 */

const folder = mkdtempSync(join(tmpdir(), "conifer-backups-"));
const backup = join(folder, "instance.backup");
const keyFile = join(folder, "master.json");
const home = join(folder, "home");

let journey: Journey;
let hello: JourneyApp;
let trial: JourneyApp;
let restored: RunningPlatform | undefined;
let person: Person;
let there: Journey;

beforeAll(async () => {
  journey = await setOut();
  hello = await journey.deployApp("hello-backup", HELLO_APP);
  trial = await journey.deployApp("trial-backup", trialApp());
});
afterAll(async () => {
  if (restored) await joinJourney(restored, person).end();
  await journey?.end();
  rmSync(folder, { recursive: true, force: true });
});

interface ListedRelease {
  readonly version: number;
  readonly description: string;
}

/** An app's releases, oldest first. */
const releases = async (of: Journey, app: string) =>
  ((await of.api("GET", `/apps/${app}/releases`)).body as ListedRelease[])
    .map(({ version, description }) => ({ version, description }))
    .sort((a, b) => a.version - b.version);

const inOther = (of: Journey, app: JourneyApp): JourneyApp => openApp(of.platform, of.person, app);

describe("an instance that works", () => {
  let control: AppControl;
  let commit: string;

  test("has a history, config vars and logs", async () => {
    await hello.printed("config:set", "GREETING=first", "SECRET=not for everybody");
    commit = await hello.commit({ "more.txt": "more\n" });
    await hello.push();
    await hello.printed("config:set", "GREETING=second");
    await hello.pageSays("hello second");
    await hello.page("/log");
    await hello.logSays(/a line from the app/);
    control = controlApp(journey, trial);
    await control.setConfig({ GREETING: "kept" });
    await control.answers(({ greeting }) => greeting === "kept");
  });

  test("is backed up while it is changed", async () => {
    let isOver = false;
    const changing = (async () => {
      for (let i = 0; !isOver; i++) {
        await control.setConfig({ ROUND: String(i) });
        await hello.page("/log");
      }
    })();
    const pushing = trial.commit({ "later.txt": "later\n" }).then(() => trial.push());
    const result = await journey.person.npm(["run", "-s", "backup", "--", backup, "--key-file", keyFile]);
    isOver = true;
    await Promise.all([changing, pushing]);
    expect(result.all).toContain("rows");
    expect(result.code).toBe(0);
    for (const file of [backup, keyFile]) expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await hello.git("rev-parse", "heroku/main")).stdout.trim()).toBe(commit);
  }, 240_000);
});

describe("its backup", () => {
  const restore = (args: readonly string[], into = home) =>
    journey.person.npm(["run", "-s", "restore", "--", backup, ...args], { env: { CONIFER_HOME: into } });

  test("is not restored without its key, nor over an instance, and nothing is written then", async () => {
    const withoutKey = await restore([]);
    expect([withoutKey.code, withoutKey.stderr]).toEqual([1, expect.stringContaining("--key-file")]);
    const over = await restore(["--key-file", keyFile], journey.platform.home);
    expect([over.code, over.stderr]).toEqual([1, expect.stringContaining("is in use, by process")]);
    expect(existsSync(home)).toBe(false);
  });

  test("is restored into a home of its own, and starts there beside the other", async () => {
    const result = await restore(["--key-file", keyFile]);
    expect(result.all).toContain("npm start");
    expect(result.code).toBe(0);
    restored = await startPlatform({ home });
    person = await sitDown(restored, { logIn: true });
    there = joinJourney(restored, person);
    const { token } = restored.access satisfies PlatformAccess;
    expect(token).toBe(journey.platform.access.token);
  }, 240_000);

  test("serves both apps", async () => {
    await inOther(there, hello).pageSays("hello second", 60_000);
    const { greeting } = await controlApp(there, inOther(there, trial)).answers(() => true, 60_000);
    expect(greeting).toBe("kept");
  });

  test("has their releases, config vars and logs", async () => {
    expect(await releases(there, hello.name)).toEqual(await releases(journey, hello.name));
    const before = await releases(journey, trial.name);
    for (const release of await releases(there, trial.name)) expect(before).toContainEqual(release);
    const other = inOther(there, hello);
    expect(await other.printed("releases", "-a", hello.name)).toContain("Set GREETING");
    expect(await other.printed("config", "-a", hello.name)).toContain("not for everybody");
    expect(await other.logLines()).toContainEqual(expect.stringContaining("a line from the app"));
  });

  test("has their history of commits, and takes more", async () => {
    const clone = join(person.home, "clone");
    const url = (await there.api("GET", `/apps/${hello.name}`)).body.git_url;
    const result = await person.git(["clone", "--quiet", url, clone]);
    expect(result.all).toBe("");
    expect((await person.git(["rev-parse", "HEAD"], { cwd: clone })).stdout).toBe(
      (await hello.git("rev-parse", "HEAD")).stdout,
    );
    const other = openApp(there.platform, person, { name: hello.name, folder: clone });
    await other.git("remote", "rename", "origin", "heroku");
    await other.commit({ "after.txt": "after\n" });
    expect((await other.push()).stderr).toContain("Verifying deploy... done.");
  });

  test("has a branch where its newest deploy is, also of the app that was pushed meanwhile", async () => {
    const look = async () => {
      const deployed = (await releases(there, trial.name)).findLast(({ description }) =>
        description.startsWith("Deploy "),
      );
      const url = (await there.api("GET", `/apps/${trial.name}`)).body.git_url;
      const { stdout } = await person.git(["ls-remote", url, "refs/heads/main"]);
      return deployed !== undefined && stdout.startsWith(deployed.description.slice("Deploy ".length));
    };
    await waitUntil("the branch of the newest deploy", look, { ms: 60_000 });
  });

  test("goes back to an earlier release", async () => {
    const other = inOther(there, hello);
    await other.pageSays("hello second");
    await other.printed("rollback", "v3", "-a", hello.name);
    await other.pageSays("hello first");
    expect((await releases(there, hello.name)).at(-1)?.description).toBe("Rollback to v3");
  });
});
