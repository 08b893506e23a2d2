import { totalmem } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AppControl, controlApp } from "../app-control.ts";
import { differs } from "../engine-differences.ts";
import { type Journey, type JourneyApp, setOut } from "../journey.ts";
import { startLoad } from "../load.ts";
import { trialApp } from "../trial-app.ts";
import { visit } from "../visit.ts";
import { waitUntil } from "../wait-until.ts";

/** What sizes mean, as a person meets it: another size, no room, sleep. */

let journey: Journey;
let app: JourneyApp;
let control: AppControl;

const SLEEP_AFTER_SECONDS = 4;
/** Room for two or three dynos of 512 MB, on whatever machine this is. */
const FACTOR = Math.max(0.01, Math.round((1_600 * 2 ** 20 * 100) / totalmem()) / 100);

beforeAll(async () => {
  journey = await setOut({
    env: { CONIFER_SLEEP_AFTER: String(SLEEP_AFTER_SECONDS), CONIFER_MEMORY_FACTOR: String(FACTOR) },
  });
  app = await journey.deployApp("sized", trialApp({ types: "worker: sleep 100000\n" }));
  control = controlApp(journey, app);
  await journey.api("PATCH", "/apps/sized/features/warm-rollback", { enabled: false });
}, 300_000);

afterAll(() => journey?.end());

describe("another size", () => {
  test("comes without a gap, is shown, and can be waited for", async () => {
    const before = await control.answer();
    const load = startLoad({
      routerPort: journey.platform.routerPort,
      host: `${app.name}.localhost`,
      everyMs: 20,
    });
    await load.nextGood();
    try {
      expect(await app.printed("ps:type", "web=standard-2x")).toMatch(/web +Standard-2X +1/);
      await control.answers(({ boot }) => boot !== before.boot);
      await load.nextGood();
    } finally {
      await load.stop();
    }
    expect(load.failures()).toEqual([]);
    const waited = await app.heroku("ps:wait");
    expect([waited.code, waited.all]).toEqual([0, expect.not.stringContaining("rror")]);
    expect(await app.printed("ps")).toMatch(/web \(Standard-2X\).*\n+web\.1: up /);
    await app.logSays(/app\[api\]: Scaled to web@1:Standard-2X/);
  }, 180_000);

  test("goes back by its other name", async () => {
    expect(await app.printed("ps:resize", "web=standard-1x")).toMatch(/web +Standard-1X +1/);
    await waitUntil("a dyno of that size", async () => {
      const listed = await app.printed("ps");
      return /web \(Standard-1X\).*\n+web\.1: up /.test(listed) && !listed.includes("Standard-2X");
    });
  }, 120_000);
});

describe.skipIf(differs("what one machine has room for"))("a dyno without room", () => {
  test("is down and told why, and starts once it asks for less", async () => {
    const before = await control.answer();
    await app.printed("ps:scale", "worker=1:performance-l");
    await control.dynosAre("worker", ["down"]);
    expect(await app.printed("ps")).toMatch(/^worker\.1: down /m);
    await app.logSays(
      /heroku\[worker\.1\]: There is no room for worker\.1 on this machine: it asks for 14336 MB \(Performance-L\), and \d+ MB of \d+ MB are left\./,
    );
    expect(await control.answer()).toEqual(before);
    const refused = await app.heroku("run", "--size", "performance-l", "--exit-code", "--", "true");
    expect(refused.code).not.toBe(0);
    expect(refused.all.replace(/\s+/g, " ")).toMatch(/no room for run\.\d+ on this machine/);
    await app.printed("ps:type", "worker=basic");
    await control.dynosAre("worker", ["up"]);
  }, 180_000);
});

describe.skipIf(differs("what one machine has room for"))("an app of the size Eco", () => {
  const asleep = () => control.dynosAre("web", ["idle"], 60_000);
  const count = async (text: string) => (await app.logLines()).filter((line) => line.endsWith(text)).length;

  test("sleeps with its workers, and wakes once for all its visitors", async () => {
    await app.printed("ps:type", "eco");
    await asleep();
    await control.dynosAre("worker", ["idle"], 60_000);
    expect(await app.printed("ps")).toMatch(/^web\.1: idle /m);
    await app.logSays(/heroku\[web\.1\]: Idling/);
    await app.logSays(/heroku\[web\.1\]: State changed from up to down/);
    const woken = await count("heroku[web.1]: Unidling");
    const visits = Array.from({ length: 20 }, () => visit(journey.platform.routerPort, "sized.localhost"));
    expect((await Promise.all(visits)).map(({ status }) => status)).toEqual(Array(20).fill(200));
    await app.logSays(/heroku\[worker\.1\]: State changed from starting to up/);
    expect((await count("heroku[web.1]: Unidling")) - woken).toBe(1);
    await app.logSays(/heroku\[web\.1\]: State changed from down to starting/);
  }, 240_000);

  test("wakes while the control process stands still", async () => {
    await asleep();
    const pid = journey.platform.roles().get("control");
    if (pid === undefined) throw new Error("there is no control process");
    process.kill(pid, "SIGSTOP");
    try {
      expect((await app.page()).status).toBe(200);
    } finally {
      process.kill(pid, "SIGCONT");
    }
  }, 120_000);

  test("is awake after a release", async () => {
    await asleep();
    await control.setConfig({ GREETING: "good morning" });
    await control.dynosAre("web", ["up"]);
    expect((await control.answer()).greeting).toBe("good morning");
  }, 120_000);
});
