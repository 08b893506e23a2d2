import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AppControl, controlApp } from "../app-control.ts";
import { differs, onKubernetes } from "../engine-differences.ts";
import { type Journey, type JourneyApp, setOut } from "../journey.ts";
import { startLoad } from "../load.ts";
import { trialApp } from "../trial-app.ts";
import { waitUntil } from "../wait-until.ts";

/** How apps live: switched without a gap, rolled back, crashing, misbehaving. */

let journey: Journey;
let app: JourneyApp;
let control: AppControl;
let misplaced: Promise<Misplaced[]>;
let stubborn: Promise<Stubborn>;

interface Misplaced {
  readonly app: JourneyApp;
  readonly pushed: string;
}

interface Stubborn {
  readonly app: JourneyApp;
  /** Of the dyno that was told to stop. */
  readonly boot: string;
}

const PLACES = { "on-ipv4": "127.0.0.1", "on-ipv6": "::1", elsewhere: "wrong-port", nowhere: "never" };

beforeAll(async () => {
  journey = await setOut();
  app = await journey.deployApp("trial", trialApp());
  control = controlApp(journey, app);
  // What waits for the minute that an app has to listen waits beside the other tests.
  misplaced = deployMisplaced();
  misplaced.catch(() => {});
  stubborn = replaceStubborn();
  stubborn.catch(() => {});
});

afterAll(async () => {
  await Promise.allSettled([misplaced, stubborn]);
  await journey?.end();
});

/** One build at a time, which leaves the other tests some of the machine; the waiting is done together. */
async function deployMisplaced(): Promise<Misplaced[]> {
  const waiting: Promise<Misplaced>[] = [];
  for (const [name, place] of Object.entries(PLACES)) {
    const made = await journey.makeApp(name, trialApp());
    await controlApp(journey, made).setConfig({ LISTEN_ON: place });
    const push = journey.person.startGit(["push", "heroku", "main"], { cwd: made.folder });
    const whole = push.ended.then((code) => {
      expect(code, push.output()).toBe(0);
      return { app: made, pushed: push.output() };
    });
    whole.catch(() => {});
    waiting.push(whole);
    await push.sees(/Launching/, BUILD_MS);
  }
  return await Promise.all(waiting);
}

const BUILD_MS = 240_000;

async function replaceStubborn(): Promise<Stubborn> {
  const made = await journey.makeApp("stubborn", trialApp());
  const stubbornControl = controlApp(journey, made);
  await stubbornControl.setConfig({ STUBBORN: "60000" });
  await made.push();
  const { boot } = await stubbornControl.answer();
  // Not kept warm, so that it is told to stop; its successor is not like it, and lets the platform stop soon.
  await journey.api("PATCH", "/apps/stubborn/features/warm-rollback", { enabled: false });
  await stubbornControl.setConfig({ STUBBORN: null });
  await stubbornControl.answers((answer) => answer.boot !== boot);
  return { app: made, boot };
}

/** Builds in pods are slower to begin; `npm run bench` deploys more often. */
const DEPLOYS = onKubernetes ? 3 : 5;

describe("gapless", () => {
  // More than a small cluster's shared processors answer is a backlog (H11) and no gap; `npm run bench` has the load.
  const visitEach = { everyMs: onKubernetes ? 40 : 10 };

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

  test(`${DEPLOYS} deploys`, async () => {
    await underLoad(async () => {
      for (let i = 1; i <= DEPLOYS; i++) {
        await app.commit({ "label.txt": `deploy ${i}\n` });
        await app.push();
        expect((await control.answer()).label).toBe(`deploy ${i}`);
      }
    });
  }, 540_000);

  test("10 changes of config vars", async () => {
    await underLoad(async () => {
      for (let i = 1; i <= 10; i++) {
        await control.setConfig({ GREETING: `greeting ${i}` });
        await control.answers(({ greeting }) => greeting === `greeting ${i}`);
      }
    });
  }, 270_000);

  test("5 restarts", async () => {
    await underLoad(async () => {
      for (let i = 1; i <= 5; i++) {
        const { boot } = await control.answer();
        const { status } = await journey.api("DELETE", `/apps/${app.name}/dynos`);
        expect(status).toBe(202);
        await control.answers((found) => found.boot !== boot);
        await control.dynosAre("web", ["up"]);
      }
    });
  }, 270_000);

  test("5 rollbacks", async () => {
    await control.setConfig({ GREETING: "greeting 9" });
    await control.setConfig({ GREETING: "greeting 10" });
    const newest = await control.newestVersion();
    await underLoad(async () => {
      for (let i = 1; i <= 5; i++) {
        await control.rollBack(newest - (i % 2));
        await control.answers(({ greeting }) => greeting === `greeting ${10 - (i % 2)}`);
      }
    });
  }, 270_000);

  test("scaling from 1 to 3 to 1", async () => {
    await underLoad(async () => {
      await control.scale("web", 3);
      await control.dynosAre("web", ["up", "up", "up"]);
      await control.answers(({ dyno }) => dyno === "web.3");
      await control.scale("web", 1);
      await control.dynosAre("web", ["up"]);
      await control.answers(({ dyno }) => dyno === "web.1");
    });
  }, 180_000);

  test("a rollback to what is still warm starts no dyno", async () => {
    await control.dynosAre("web", ["up"]);
    // The router is told a moment later of those that leave.
    const [only] = await control.dynos();
    const before = await control.answers(({ id }) => id === only?.id);
    const good = await control.newestVersion();
    await control.setConfig({ GREETING: "a mistake" });
    const mistake = await control.answers(({ greeting }) => greeting === "a mistake");
    expect(mistake.id).not.toBe(before.id);
    await control.dynosAre("web", ["up"]);
    const newestStart = (await control.starts()).at(-1);
    await control.rollBack(good);
    const after = await control.answers(({ greeting }) => greeting === before.greeting);
    expect(after).toEqual(before);
    await control.dynosAre("web", ["up"]);
    const [dyno] = await control.dynos();
    expect(dyno).toMatchObject({ name: "web.1", id: before.id, release: { version: good + 2 } });
    expect((await control.starts()).at(-1)).toBe(newestStart);
  }, 180_000);
});

describe("a release that does not boot", () => {
  test("leaves the old dyno serving, shows its crash, and is cured by a config var", async () => {
    await control.setConfig({ GREETING: "before the fault" });
    const before = await control.answers(({ greeting }) => greeting === "before the fault");
    await control.setConfig({ EXIT_AT_ONCE: "1" });
    await control.dynosAre("web", ["crashed", "up"]);
    expect(await control.answer()).toEqual(before);
    const both = await control.dynos();
    expect(both.map(({ name }) => name)).toEqual(["web.1", "web.1"]);
    expect(both.find(({ state }) => state === "up")?.id).toBe(before.id);
    const listed = await app.printed("ps");
    expect(listed).toMatch(/^web\.1: crashed /m);
    expect(listed).toMatch(/^web\.1: up /m);
    await app.logSays(/heroku\[web\.1\]: Process exited with status 1/);
    await app.logSays(/heroku\[web\.1\]: State changed from starting to crashed/);
    await control.setConfig({ EXIT_AT_ONCE: null, GREETING: "cured" });
    await control.answers(({ greeting }) => greeting === "cured");
    await control.dynosAre("web", ["up"]);
  }, 180_000);

  test("is told by the push, and cured by the next", async () => {
    const before = await control.answer();
    const good = trialApp()["server.js"] ?? "";
    await app.commit({ "server.js": "process.exit(3);\n" });
    const bad = await app.push();
    expect(bad.stderr).toMatch(/Verifying deploy\.\.\..*failed/s);
    expect(bad.stderr).toContain("web.1 exited with status 3 while starting.");
    expect(await control.answer()).toEqual(before);
    await app.commit({ "server.js": good, "label.txt": "repaired\n" });
    expect((await app.push()).stderr).toContain("Verifying deploy... done.");
    expect((await control.answer()).label).toBe("repaired");
    await control.dynosAre("web", ["up"]);
  }, 270_000);

  test("an app that ends at once with status 0 has crashed and is started again, ever later", async () => {
    const made = await journey.makeApp("ends-at-once", trialApp());
    await controlApp(journey, made).setConfig({ EXIT_AT_ONCE: "0" });
    await made.push();
    await made.logSays(/Process exited with status 0/);
    await made.logSays(/State changed from crashed to starting/);
    const again = async () => (await controlApp(journey, made).starts()).length >= 3;
    await waitUntil("a third start", again, { ms: 40_000 });
    const times = (await made.logLines())
      .filter((line) => line.includes("Starting process with command"))
      .map((line) => Date.parse(line.split(" ")[0] ?? ""));
    const [first = 0, second = 0, third = 0] = times;
    expect(third - second).toBeGreaterThan(2 * (second - first));
    await controlApp(journey, made).dynosAre("web", ["crashed"]);
    expect(await made.page()).toMatchObject({ status: 503 });
    await made.logSays(/heroku\[router\]: at=error code=H10 desc="App crashed" method=GET path="\/"/);
  }, 270_000);
});

describe("the release phase", () => {
  let phased: JourneyApp;
  let phase: AppControl;

  test("runs before the switch, and its output is seen", async () => {
    phased = await journey.makeApp("phased", trialApp({ types: "release: node release.js\n" }));
    phase = controlApp(journey, phased);
    await phase.setConfig({ GREETING: "first" });
    const { stderr } = await phased.push();
    expect(stderr).toMatch(/remote: +release command with greeting first/);
    expect((await phase.answer()).greeting).toBe("first");
  }, 180_000);

  test("when it fails, the push says so, the release is failed, and the old one serves on", async () => {
    const before = await phase.answer();
    await phase.setConfig({ RELEASE_STATUS: "4", GREETING: "second" });
    const version = await phase.newestVersion();
    await waitUntil(
      "the release to fail",
      async () => {
        const { body } = await journey.api("GET", `/apps/phased/releases/${version}`);
        return body.status === "failed";
      },
      { ms: 60_000 },
    );
    await phased.commit({ "label.txt": "never seen\n" });
    const { stderr } = await phased.push();
    expect(stderr).toMatch(/Release command failed/);
    expect(await phase.answer()).toEqual(before);
    const listed = await phased.printed("releases");
    expect(listed).toMatch(new RegExp(`v${version + 1} .*release command failed`, "i"));
    expect(listed).toMatch(new RegExp(`v${version} .*release command failed`, "i"));
    expect(await phased.printed("ps")).toMatch(/^web\.1: up /m);
  }, 180_000);

  test("the next one starts from the last that succeeded", async () => {
    await phase.setConfig({ RELEASE_STATUS: null });
    expect(await phase.answers(({ greeting }) => greeting === "second")).toMatchObject({ label: "one" });
  }, 90_000);
});

describe("scaling and stopping", () => {
  test("to zero: H14; and back", async () => {
    await control.scale("web", 0);
    await control.dynosAre("web", []);
    await waitUntil("no answer", async () => (await app.page()).status === 503);
    const line = await app.logSays(/code=H14/);
    expect(line).toMatch(/heroku\[router\]: at=error code=H14 desc="No web processes running" method=GET/);
    await control.scale("web", 1);
    await control.answers(() => true);
  }, 180_000);

  test("a worker ends before its successor begins", async () => {
    const made = await journey.makeApp("working", trialApp({ types: "worker: node work.js\n" }));
    await made.push();
    await controlApp(journey, made).scale("worker", 1);
    await made.logSays(/app\[worker\.1\]: worker begins/);
    await controlApp(journey, made).setConfig({ GREETING: "a reason to restart" });
    const said = async () =>
      (await made.logLines()).filter((line) => /app\[worker\.1\]: worker/.test(line)).length >= 3;
    await waitUntil("the successor", said, { ms: 30_000 });
    const words = (await made.logLines()).flatMap((line) => /worker (begins|is done)/.exec(line)?.[1] ?? []);
    expect(words.slice(0, 3)).toEqual(["begins", "is done", "begins"]);
  }, 180_000);
});

describe("what takes a minute", () => {
  test("an app that cannot be reached: R10, and where it listens instead", async () => {
    const found = await misplaced;
    const expected: Record<string, RegExp> = {
      "on-ipv4": /The process listens on 127\.0\.0\.1:\d+; listen on 0\.0\.0\.0 or :: and on \$PORT/,
      "on-ipv6": /The process listens on \[::1\]:\d+; listen on 0\.0\.0\.0 or :: and on \$PORT/,
      elsewhere: /The process listens on (\[::\]|0\.0\.0\.0):\d+; listen on 0\.0\.0\.0 or :: and on \$PORT/,
      nowhere: /R10/,
    };
    // Each page waits for a dyno that may still come.
    const check = async ({ app: made, pushed }: Misplaced) => {
      // A pod may take so long to begin that the push does not wait for its time to be over.
      if (!onKubernetes || !pushed.includes("the dynos are still starting."))
        expect(pushed).toContain("web.1 did not listen on $PORT in time (R10).");
      await made.logSays(
        /heroku\[web\.1\]: Error R10 \(Boot timeout\) -> Web process failed to bind to \$PORT/,
        60_000,
      );
      if (!differs("where a process listens")) await made.logSays(expected[made.name] ?? /none/);
      expect((await made.page()).status).toBe(503);
    };
    await Promise.all(found.map(check));
  }, 360_000);

  test("an app that ignores SIGTERM is killed after 30 s, and R12 says so; its successor serves meanwhile", async () => {
    const said = await stubborn;
    await said.app.logSays(/heroku\[web\.1\]: Stopping all processes with SIGTERM/);
    await said.app.logSays(
      /heroku\[web\.1\]: Error R12 \(Exit timeout\) -> At least one process failed to exit/,
      60_000,
    );
    await said.app.logSays(/heroku\[web\.1\]: Stopping (remaining )?process(es)? with SIGKILL/);
    expect((await controlApp(journey, said.app).answer()).boot).not.toBe(said.boot);
  }, 270_000);
});
