import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Journey, type JourneyApp, setOut } from "../journey.ts";
import { startLoad } from "../load.ts";
import { type TrialAnswer, trialApp } from "../trial-app.ts";
import { waitUntil } from "../wait-until.ts";

/** How apps live: switched without a gap, rolled back, crashing, misbehaving. */

let journey: Journey;
let app: JourneyApp;
let misplaced: Promise<Misplaced[]>;

interface Misplaced {
  readonly app: JourneyApp;
  readonly pushed: string;
}

const PLACES = { "on-ipv4": "127.0.0.1", "on-ipv6": "::1", elsewhere: "wrong-port", nowhere: "never" };

beforeAll(async () => {
  journey = await setOut();
  app = await journey.deployApp("trial", trialApp());
  // What waits for the minute that an app has to listen waits beside the other tests.
  misplaced = Promise.all(Object.entries(PLACES).map(([name, place]) => deployMisplaced(name, place)));
  misplaced.catch(() => {});
});

afterAll(async () => {
  await misplaced?.catch(() => {});
  await journey?.end();
});

async function deployMisplaced(name: string, place: string): Promise<Misplaced> {
  const made = await journey.makeApp(name, trialApp());
  await setConfig(made, { LISTEN_ON: place });
  const { stderr } = await made.push();
  return { app: made, pushed: stderr };
}

async function setConfig(of: JourneyApp, vars: Record<string, string | null>): Promise<void> {
  const answer = await journey.api("PATCH", `/apps/${of.name}/config-vars`, vars);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
}

async function scale(of: JourneyApp, type: string, quantity: number): Promise<void> {
  const answer = await journey.api("PATCH", `/apps/${of.name}/formation/${type}`, { quantity });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
}

async function rollBack(of: JourneyApp, version: number): Promise<void> {
  const found = await journey.api("GET", `/apps/${of.name}/releases/${version}`);
  const answer = await journey.api("POST", `/apps/${of.name}/releases`, { release: found.body.id });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
}

async function newestVersion(of: JourneyApp): Promise<number> {
  const { body } = await journey.api("GET", `/apps/${of.name}/releases`);
  return Math.max(...body.map((release: { version: number }) => release.version));
}

async function states(of: JourneyApp, type = "web"): Promise<{ name: string; state: string; id: string }[]> {
  const { body } = await journey.api("GET", `/apps/${of.name}/dynos`);
  return body.filter((dyno: { type: string }) => dyno.type === type);
}

async function untilStates(of: JourneyApp, type: string, wanted: readonly string[]): Promise<void> {
  let there: string[] = [];
  const look = async () => {
    there = (await states(of, type)).map(({ state }) => state).sort();
    return there.join() === [...wanted].sort().join();
  };
  await waitUntil(`${type} dynos ${wanted.join()}`, look, { ms: 30_000, instead: () => there });
}

async function answer(of: JourneyApp): Promise<TrialAnswer> {
  const { status, body } = await of.page();
  expect(status, body).toBe(200);
  return JSON.parse(body);
}

/** Waits until the page comes from such an app. */
async function answers(of: JourneyApp, wanted: (answer: TrialAnswer) => boolean): Promise<TrialAnswer> {
  let last = "";
  const look = async () => {
    const { status, body } = await of.page();
    last = `${status} ${body}`;
    if (status !== 200) return undefined;
    const found = JSON.parse(body) as TrialAnswer;
    return wanted(found) && found;
  };
  return await waitUntil("the page", look, { ms: 30_000, instead: () => last });
}

describe("gapless", () => {
  const visitEach = { everyMs: 10 };

  async function underLoad(work: () => Promise<void>): Promise<void> {
    const load = startLoad({
      routerPort: journey.platform.routerPort,
      host: `${app.name}.localhost`,
      ...visitEach,
    });
    await load.nextGood();
    try {
      await work();
      await load.nextGood();
    } finally {
      await load.stop();
    }
    expect(load.failures()).toEqual([]);
    expect(load.answers().length).toBeGreaterThan(10);
  }

  test("10 deploys", async () => {
    await underLoad(async () => {
      for (let i = 1; i <= 10; i++) {
        await app.commit({ "label.txt": `deploy ${i}\n` });
        await app.push();
        expect((await answer(app)).label).toBe(`deploy ${i}`);
      }
    });
  }, 180_000);

  test("10 changes of config vars", async () => {
    await underLoad(async () => {
      for (let i = 1; i <= 10; i++) {
        await setConfig(app, { GREETING: `greeting ${i}` });
        await answers(app, ({ greeting }) => greeting === `greeting ${i}`);
      }
    });
  }, 90_000);

  test("5 restarts", async () => {
    await underLoad(async () => {
      for (let i = 1; i <= 5; i++) {
        const { boot } = await answer(app);
        const { status } = await journey.api("DELETE", `/apps/${app.name}/dynos`);
        expect(status).toBe(202);
        await answers(app, (found) => found.boot !== boot);
        await untilStates(app, "web", ["up"]);
      }
    });
  }, 90_000);

  test("5 rollbacks", async () => {
    const newest = await newestVersion(app);
    await underLoad(async () => {
      for (let i = 1; i <= 5; i++) {
        await rollBack(app, newest - (i % 2));
        await answers(app, ({ greeting }) => greeting === `greeting ${10 - (i % 2)}`);
      }
    });
  }, 90_000);

  test("scaling from 1 to 3 to 1", async () => {
    await underLoad(async () => {
      await scale(app, "web", 3);
      await untilStates(app, "web", ["up", "up", "up"]);
      await answers(app, ({ dyno }) => dyno === "web.3");
      await scale(app, "web", 1);
      await untilStates(app, "web", ["up"]);
      await answers(app, ({ dyno }) => dyno === "web.1");
    });
  }, 60_000);

  test("a rollback to what is still warm starts no dyno", async () => {
    await untilStates(app, "web", ["up"]);
    const before = await answer(app);
    const good = await newestVersion(app);
    await setConfig(app, { GREETING: "a mistake" });
    const mistake = await answers(app, ({ greeting }) => greeting === "a mistake");
    expect(mistake.id).not.toBe(before.id);
    await untilStates(app, "web", ["up"]);
    const startsBefore = await starts(app);
    await rollBack(app, good);
    const after = await answers(app, ({ greeting }) => greeting === before.greeting);
    expect(after).toEqual(before);
    await untilStates(app, "web", ["up"]);
    const [dyno] = await states(app);
    expect(dyno).toMatchObject({ name: "web.1", id: before.id, release: { version: good + 2 } });
    expect(await starts(app)).toBe(startsBefore);
  }, 60_000);
});

async function starts(of: JourneyApp): Promise<number> {
  return (await of.logLines()).filter((line) => line.includes("Starting process with command")).length;
}

describe("a release that does not boot", () => {
  test("leaves the old dyno serving, shows its crash, and is cured by a config var", async () => {
    await setConfig(app, { GREETING: "before the fault" });
    const before = await answers(app, ({ greeting }) => greeting === "before the fault");
    await setConfig(app, { EXIT_AT_ONCE: "1" });
    await untilStates(app, "web", ["crashed", "up"]);
    expect(await answer(app)).toEqual(before);
    const both = await states(app);
    expect(both.map(({ name }) => name)).toEqual(["web.1", "web.1"]);
    expect(both.find(({ state }) => state === "up")?.id).toBe(before.id);
    const listed = await app.printed("ps");
    expect(listed).toMatch(/^web\.1: crashed /m);
    expect(listed).toMatch(/^web\.1: up /m);
    await app.logSays(/heroku\[web\.1\]: Process exited with status 1/);
    await app.logSays(/heroku\[web\.1\]: State changed from starting to crashed/);
    await setConfig(app, { EXIT_AT_ONCE: null, GREETING: "cured" });
    await answers(app, ({ greeting }) => greeting === "cured");
    await untilStates(app, "web", ["up"]);
  }, 60_000);

  test("is told by the push, and cured by the next", async () => {
    const before = await answer(app);
    const good = trialApp()["server.js"] ?? "";
    await app.commit({ "server.js": "process.exit(3);\n" });
    const bad = await app.push();
    expect(bad.stderr).toMatch(/Verifying deploy\.\.\..*failed/s);
    expect(bad.stderr).toContain("web.1 exited with status 3 while starting.");
    expect(await answer(app)).toEqual(before);
    await app.commit({ "server.js": good, "label.txt": "repaired\n" });
    expect((await app.push()).stderr).toContain("Verifying deploy... done.");
    expect((await answer(app)).label).toBe("repaired");
    await untilStates(app, "web", ["up"]);
  }, 90_000);

  test("an app that ends at once with status 0 has crashed and is started again, ever later", async () => {
    const made = await journey.makeApp("ends-at-once", trialApp());
    await setConfig(made, { EXIT_AT_ONCE: "0" });
    await made.push();
    await made.logSays(/Process exited with status 0/);
    await made.logSays(/State changed from crashed to starting/);
    const again = async () => (await starts(made)) >= 3;
    await waitUntil("a third start", again, { ms: 40_000 });
    const times = (await made.logLines())
      .filter((line) => line.includes("Starting process with command"))
      .map((line) => Date.parse(line.split(" ")[0] ?? ""));
    const [first = 0, second = 0, third = 0] = times;
    expect(third - second).toBeGreaterThan(2 * (second - first));
    await untilStates(made, "web", ["crashed"]);
    expect(await made.page()).toMatchObject({ status: 503 });
    await made.logSays(/heroku\[router\]: at=error code=H10 desc="App crashed" method=GET path="\/"/);
  }, 90_000);
});

describe("the release phase", () => {
  let phased: JourneyApp;

  test("runs before the switch, and its output is seen", async () => {
    phased = await journey.makeApp("phased", trialApp({ types: "release: node release.js\n" }));
    await setConfig(phased, { GREETING: "first" });
    const { stderr } = await phased.push();
    expect(stderr).toMatch(/remote: +release command with greeting first/);
    expect((await answer(phased)).greeting).toBe("first");
  }, 60_000);

  test("when it fails, the push says so, the release is failed, and the old one serves on", async () => {
    const before = await answer(phased);
    await setConfig(phased, { RELEASE_STATUS: "4", GREETING: "second" });
    const version = await newestVersion(phased);
    await waitUntil("the release to fail", async () => {
      const { body } = await journey.api("GET", `/apps/phased/releases/${version}`);
      return body.status === "failed";
    });
    await phased.commit({ "label.txt": "never seen\n" });
    const { stderr } = await phased.push();
    expect(stderr).toMatch(/Release command failed/);
    expect(await answer(phased)).toEqual(before);
    const listed = await phased.printed("releases");
    expect(listed).toMatch(new RegExp(`v${version + 1} .*release command failed`, "i"));
    expect(listed).toMatch(new RegExp(`v${version} .*release command failed`, "i"));
    expect(await phased.printed("ps")).toMatch(/^web\.1: up /m);
  }, 60_000);

  test("the next one starts from the last that succeeded", async () => {
    await setConfig(phased, { RELEASE_STATUS: null });
    expect(await answers(phased, ({ greeting }) => greeting === "second")).toMatchObject({ label: "one" });
  }, 30_000);
});

describe("scaling and stopping", () => {
  test("to zero: H14; and back", async () => {
    await scale(app, "web", 0);
    await untilStates(app, "web", []);
    await waitUntil("no answer", async () => (await app.page()).status === 503);
    const line = await app.logSays(/code=H14/);
    expect(line).toMatch(/heroku\[router\]: at=error code=H14 desc="No web processes running" method=GET/);
    await scale(app, "web", 1);
    await answers(app, () => true);
  }, 60_000);

  test("a worker ends before its successor begins", async () => {
    const made = await journey.makeApp("working", trialApp({ types: "worker: node work.js\n" }));
    await made.push();
    await scale(made, "worker", 1);
    await made.logSays(/app\[worker\.1\]: worker begins/);
    await setConfig(made, { GREETING: "a reason to restart" });
    const said = async () =>
      (await made.logLines()).filter((line) => /app\[worker\.1\]: worker/.test(line)).length >= 3;
    await waitUntil("the successor", said, { ms: 30_000 });
    const words = (await made.logLines()).flatMap((line) => /worker (begins|is done)/.exec(line)?.[1] ?? []);
    expect(words.slice(0, 3)).toEqual(["begins", "is done", "begins"]);
  }, 60_000);
});
