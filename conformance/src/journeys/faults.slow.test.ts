import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ApiAnswer } from "../api-call.ts";
import { type AppControl, controlApp } from "../app-control.ts";
import { type Journey, type JourneyApp, joinJourney, openApp, setOut } from "../journey.ts";
import { type Load, startLoad } from "../load.ts";
import { findRemains } from "../platform-remains.ts";
import { alive, type ProcessMark, processesBelow, processesWith } from "../process-marks.ts";
import { CLONE, type RunningPlatform, startPlatform } from "../running-platform.ts";
import { type TrialAnswer, trialApp } from "../trial-app.ts";
import { waitUntil } from "../wait-until.ts";

/**
 * One test for each row of the process table, and what people do to a platform that runs. The limits are longer than
 * the table's, since the tests' machine may be busy; what is held to the table's own figures stands beside the
 * supervisor, with roles that have nothing in them.
 */

const BACK_MS = 30_000;
const GAP_MS = 20_000;
const ENDED_MS = 5_000;
const REFUSED_MS = 20_000;

let journey: Journey;
let app: JourneyApp;
let control: AppControl;
let temporary: string;
let ledger: Ledger;

beforeAll(async () => {
  temporary = mkdtempSync(join(tmpdir(), "conifer-faults-"));
  journey = await setOut({ env: { TMPDIR: temporary } });
  app = await journey.deployApp("steady", trialApp({ types: "worker: node work.js\n" }));
  control = controlApp(journey, app);
  await control.setConfig({ GREETING: "from before" });
  await control.scale("worker", 1);
  await control.answers(({ greeting }) => greeting === "from before");
  await control.dynosAre("web", ["up"]);
  await control.dynosAre("worker", ["up"]);
  await journey.person.heroku(["create", "ledger"]);
  ledger = openLedger();
});

afterAll(async () => {
  try {
    await journey?.end();
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
});

/** Remembers every config var that was acknowledged, each of which made a release. */
interface Ledger {
  /** Writes while the work is done, whatever the answers, and gives their statuses; 0 for none. */
  writing(work: () => Promise<void>): Promise<readonly number[]>;
  /** Holds what is there to what was acknowledged. */
  verify(): Promise<void>;
}

function openLedger(): Ledger {
  const acknowledged: Record<string, string> = {};
  let next = 0;
  const write = async (): Promise<ApiAnswer | undefined> => {
    const entry = { [`ENTRY_${next}`]: `${next++}` };
    const answer = await journey.api("PATCH", "/apps/ledger/config-vars", entry).catch(() => undefined);
    if (answer?.status === 200) Object.assign(acknowledged, entry);
    return answer;
  };
  return {
    writing: async (work) => {
      let going = true;
      const statuses: number[] = [];
      const writes = (async () => {
        while (going) {
          const answer = await write();
          statuses.push(answer?.status ?? 0);
          if (answer?.status === 503) expect(answer.body.id).toMatch(/\w/);
          await new Promise((resolve) => setTimeout(resolve, 30));
        }
      })();
      try {
        await work();
      } finally {
        going = false;
        await writes;
      }
      return statuses;
    },
    verify: async () => {
      const { body } = await journey.api("GET", "/apps/ledger/config-vars");
      expect(body).toMatchObject(acknowledged);
      const versions = await journey.api("GET", "/apps/ledger/releases").then((answer) => answer.body.length);
      expect(versions).toBeGreaterThanOrEqual(Math.min(200, Object.keys(acknowledged).length));
    },
  };
}

function pidOf(role: string): number {
  const pid = journey.platform.roles().get(role);
  if (!pid) throw new Error(`no ${role} runs:\n${journey.platform.output()}`);
  return pid;
}

/** Kills the role whenever it is there, until told to stop. */
function holdDown(role: string): { release(): void } {
  const kill = () => {
    const pid = journey.platform.roles().get(role);
    if (!pid) return;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has just ended.
    }
  };
  kill();
  const timer = setInterval(kill, 100);
  return { release: () => clearInterval(timer) };
}

async function apiIsBack(): Promise<void> {
  const look = async () => (await journey.api("GET", "/apps/steady").catch(() => undefined))?.status === 200;
  await waitUntil("the API", look, { ms: BACK_MS, instead: () => journey.platform.output() });
}

/** Requests once each 20 ms while the work is done. */
async function recorded(work: (load: Load) => Promise<void>): Promise<Load> {
  const { routerPort } = journey.platform;
  const load = startLoad({ routerPort, host: "steady.localhost", everyMs: 20 });
  try {
    await load.nextGood();
    await work(load);
    await load.nextGood();
  } finally {
    await load.stop();
  }
  return load;
}

async function crashAndComeBack(): Promise<void> {
  const { boot } = await control.answer();
  await app.page("/crash");
  await control.answers((answer) => answer.boot !== boot);
}

describe("control", () => {
  test("kill -9: no request and no dyno is hurt, it is back, nothing acknowledged is lost", async () => {
    const before = await control.answer();
    await ledger.writing(async () => {
      const load = await recorded(async () => {
        for (let i = 0; i < 3; i++) {
          process.kill(pidOf("control"), "SIGKILL");
          await waitUntil("another control", () => journey.platform.roles().get("control"), { ms: BACK_MS });
          await apiIsBack();
        }
      });
      expect(load.failures()).toEqual([]);
    });
    expect(await control.answer()).toEqual(before);
    await ledger.verify();
  }, 60_000);

  test("a dyno that crashes while it is down is restarted", async () => {
    const down = holdDown("control");
    try {
      await crashAndComeBack();
    } finally {
      down.release();
    }
    await apiIsBack();
    await control.dynosAre("web", ["up"]);
  }, 60_000);

  test("a log that is being followed ends with it, and can be followed again", async () => {
    const tail = journey.person.start(["logs", "--tail", "-a", "steady"]);
    await tail.sees(/working/, 30_000);
    process.kill(pidOf("control"), "SIGKILL");
    await tail.ended;
    await apiIsBack();
    const again = journey.person.start(["logs", "--tail", "-a", "steady"]);
    await again.sees(/working/, 30_000);
    again.kill("SIGKILL");
    await again.ended;
  }, 60_000);
});

describe("router", () => {
  test("kill -9: new connections are served again soon, the dynos live on", async () => {
    const before = await control.answer();
    const load = await recorded(async (recording) => {
      process.kill(pidOf("router"), "SIGKILL");
      await recording.nextGood(GAP_MS);
    });
    expect(load.longestGap()).toBeLessThan(GAP_MS);
    expect(await control.answer()).toEqual(before);
  }, 60_000);

  test("kill -9 while control is down: it serves from what it kept", async () => {
    const down = holdDown("control");
    try {
      const load = await recorded(async (recording) => {
        process.kill(pidOf("router"), "SIGKILL");
        await recording.nextGood(GAP_MS);
      });
      expect(load.longestGap()).toBeLessThan(GAP_MS);
    } finally {
      down.release();
    }
    await apiIsBack();
  }, 60_000);
});

describe("host", () => {
  test("kill -9: its dynos die with it and are started again, the log goes on", async () => {
    const before = await control.answer();
    const dynos = processesBelow(pidOf("host"));
    expect(dynos.length).toBeGreaterThan(2);
    process.kill(pidOf("host"), "SIGKILL");
    await allEnd(dynos);
    await control.answers(({ boot, greeting }) => boot !== before.boot && greeting === before.greeting);
    await control.dynosAre("web", ["up"]);
    await control.dynosAre("worker", ["up"]);
    await app.page("/?after-the-host");
    await app.logSays(/after-the-host/);
    await app.logSays(/Starting process with command `node work.js`/);
  }, 60_000);

  test("kill -9 while control is down: the dynos come back all the same", async () => {
    const before = await control.answer();
    const down = holdDown("control");
    try {
      process.kill(pidOf("host"), "SIGKILL");
      await control.answers(({ boot, greeting }) => boot !== before.boot && greeting === before.greeting);
    } finally {
      down.release();
    }
    await apiIsBack();
    await control.dynosAre("web", ["up"]);
  }, 60_000);
});

describe("PostgreSQL", () => {
  test("kill -9: apps serve, the API answers 503 with an id until it is back, nothing is lost", async () => {
    const statuses = await ledger.writing(async () => {
      const load = await recorded(async () => {
        process.kill(pidOf("postgres"), "SIGKILL");
        await waitUntil(
          "word of the new server",
          () => journey.platform.output().includes("PostgreSQL had ended and serves again"),
          { ms: 20_000 },
        );
        await apiIsBack();
      });
      expect(load.failures()).toEqual([]);
    });
    const others = statuses.filter((status) => status !== 200 && status !== 503);
    expect(others.length, journey.platform.output()).toBe(0);
    await ledger.verify();
  }, 60_000);

  test("a dyno that crashes while it does not answer is restarted", async () => {
    const servers = [pidOf("postgres"), ...processesBelow(pidOf("postgres")).map(({ pid }) => pid)];
    for (const pid of servers) process.kill(pid, "SIGSTOP");
    try {
      await crashAndComeBack();
    } finally {
      for (const pid of servers) process.kill(pid, "SIGCONT");
    }
    await apiIsBack();
    await control.dynosAre("web", ["up"]);
  }, 60_000);
});

async function allEnd(marks: readonly ProcessMark[], ms = ENDED_MS): Promise<void> {
  const left = () => alive(marks).map(({ pid, command }) => `${pid} ${command}`);
  await waitUntil("the end of all", () => left().length === 0, { ms, instead: () => left().join("\n") });
}

describe("in the middle of things", () => {
  const SLOW_BUILD = JSON.stringify({
    name: "app",
    private: true,
    scripts: { build: "echo the slow build begins && sleep 4" },
  });

  async function pushSlowly(label: string) {
    await app.commit({ "package.json": SLOW_BUILD, "label.txt": `${label}\n` });
    const push = journey.person.startGit(["push", "heroku", "main"], { cwd: app.folder });
    await push.sees(/the slow build begins/, 40_000);
    return push;
  }

  test("kill -9 of control during a push: the push breaks with a message, the build goes on", async () => {
    const push = await pushSlowly("built without control");
    process.kill(pidOf("control"), "SIGKILL");
    expect(await push.ended).not.toBe(0);
    expect(push.output()).toMatch(/fatal|error|disconnect|hung up/i);
    await control.answers(({ label }) => label === "built without control", 60_000);
    await apiIsBack();
    const commit = (await app.git("rev-parse", "HEAD")).stdout.trim();
    const moved = async () => (await app.git("ls-remote", "heroku", "main")).stdout.startsWith(commit);
    await waitUntil("the ref to move", moved, { ms: 30_000 });
  }, 120_000);

  test("kill -9 of host during a build: it is tried again, or the push says why not", async () => {
    const push = await pushSlowly("built twice");
    process.kill(pidOf("host"), "SIGKILL");
    const code = await push.ended;
    if (code !== 0) {
      expect(push.output()).toMatch(/remote: .*(build|host)/i);
      await app.push();
    }
    await control.answers(({ label }) => label === "built twice", 60_000);
  }, 120_000);

  test("kill -9 of control during a rollback: what was acknowledged becomes so, anything else can be tried again", async () => {
    await control.dynosAre("web", ["up"]);
    const good = await control.newestVersion();
    for (const delay of [0, 15, 60]) {
      await control.setConfig({ GREETING: `mistake ${delay}` });
      await control.answers(({ greeting }) => greeting === `mistake ${delay}`);
      const before = await control.newestVersion();
      const asked = control.rollBack(good).then(
        () => true,
        () => false,
      );
      await new Promise((resolve) => setTimeout(resolve, delay));
      process.kill(pidOf("control"), "SIGKILL");
      const acknowledged = await asked;
      await apiIsBack();
      const made = (await control.newestVersion()) > before;
      if (acknowledged) expect(made).toBe(true);
      if (!made) await control.rollBack(good);
      await control.answers(({ greeting }) => greeting === "from before");
    }
    await control.dynosAre("web", ["up"]);
  }, 90_000);
});

/** What the app answers, and a line of its log, which keeps the last 1,500: one of a while ago may have gone. */
interface Life {
  readonly answer: TrialAnswer;
  readonly logged: RegExp;
}

let lives = 0;

async function noteLife(): Promise<Life> {
  const mark = `in-life-${++lives}-`;
  await app.page(`/?${mark}`);
  const logged = new RegExp(mark);
  await app.logSays(logged);
  return { answer: await control.answer(), logged };
}

/** Starts again in the same home, which has to bring everything back as it was. */
async function restarted({ answer: before, logged }: Life): Promise<void> {
  const { home, apiPort, routerPort, routerTlsPort } = journey.platform;
  const platform: RunningPlatform = await startPlatform({
    home,
    ports: [apiPort, routerPort, routerTlsPort],
    env: { TMPDIR: temporary },
  });
  journey = joinJourney(platform, journey.person);
  app = openApp(platform, journey.person, app);
  control = controlApp(journey, app);
  await control.answers(({ greeting, label }) => greeting === before.greeting && label === before.label);
  await control.dynosAre("web", ["up"]);
  await control.dynosAre("worker", ["up"]);
  await ledger.verify();
  await app.logSays(logged);
}

describe("kill -9 of the whole", () => {
  test.each(["supervisor", "npm"])(
    "of the %s: all ends, and the next start brings it back",
    async (whom) => {
      const { platform } = journey;
      const before = await noteLife();
      const below = processesBelow(platform.pid);
      expect(below.length).toBeGreaterThan(8);
      process.kill(whom === "npm" ? platform.pid : pidOf("supervisor"), "SIGKILL");
      await allEnd(below);
      await platform.ended();
      expect(processesWith("CONIFER_HOME", platform.home)).toEqual([]);
      await restarted(before);
    },
    90_000,
  );
});

describe("starting and stopping", () => {
  /** `npm start` that is to be refused. */
  async function refused(env: Record<string, string>): Promise<string> {
    const child = spawn("npm", ["start"], { cwd: CLONE, env: { ...process.env, ...env }, stdio: "pipe" });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        text += chunk.toString("utf8");
      });
    }
    const timer = setTimeout(() => child.kill("SIGTERM"), REFUSED_MS);
    const [code] = await once(child, "close");
    clearTimeout(timer);
    expect(code, text).toBe(1);
    return text;
  }

  const ports = () => ({
    CONIFER_PORT: String(journey.platform.apiPort),
    CONIFER_ROUTER_PORT: String(journey.platform.routerPort),
    CONIFER_ROUTER_TLS_PORT: String(journey.platform.routerTlsPort),
  });

  test("a second start in a live home is refused and names the first's process", async () => {
    const said = await refused({ CONIFER_HOME: journey.platform.home, ...ports() });
    expect(said).toContain(`process ${pidOf("supervisor")}`);
    expect((await control.answer()).greeting).toBe("from before");
  }, 60_000);

  test("a taken port is named with its variable, and nothing is left running", async () => {
    const home = mkdtempSync(join(tmpdir(), "conifer-journey-"));
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, "127.0.0.1", resolve));
    const { port } = blocker.address() as { port: number };
    const said = await refused({
      CONIFER_HOME: home,
      ...ports(),
      CONIFER_ROUTER_TLS_PORT: String(port),
    });
    for (const variable of Object.keys(ports())) expect(said).toContain(`set ${variable} to a free port`);
    expect(processesWith("CONIFER_HOME", home)).toEqual([]);
    blocker.close();
    rmSync(home, { recursive: true });
  }, 60_000);

  async function endedWell(below: readonly ProcessMark[]): Promise<void> {
    const { platform } = journey;
    await allEnd(below);
    expect(processesWith("CONIFER_HOME", platform.home)).toEqual([]);
    expect(findRemains(platform.home)).toEqual([]);
    // What npm keeps compiled of itself is its own.
    expect(readdirSync(temporary).filter((name) => name !== "node-compile-cache")).toEqual([]);
    expect(existsSync(join(platform.home, "run", "supervisor.json"))).toBe(false);
  }

  test("a second Ctrl-C stops now, and the next start clears away what that left", async () => {
    await control.setConfig({ STUBBORN: "8000" });
    await waitUntil("the stubborn dyno alone", async () => (await control.dynos()).length === 1);
    const before = await noteLife();
    const below = processesBelow(journey.platform.pid);
    process.kill(-journey.platform.pid, "SIGINT");
    await waitUntil("the end of control", () => !journey.platform.roles().has("control"));
    expect(alive(below).length).toBeGreaterThan(0);
    // Signals closer than this are one press.
    await new Promise((resolve) => setTimeout(resolve, 600));
    const pressed = performance.now();
    process.kill(-journey.platform.pid, "SIGINT");
    await journey.platform.ended();
    expect(performance.now() - pressed).toBeLessThan(ENDED_MS);
    await allEnd(below);
    await restarted(before);
    await control.setConfig({ STUBBORN: null });
    await control.answers(({ boot }) => boot !== before.answer.boot);
  }, 120_000);

  test("SIGTERM to npm: the dynos see it, npm stays until all has ended, nothing is left", async () => {
    const before = await noteLife();
    const below = processesBelow(journey.platform.pid);
    expect(await journey.platform.stop()).toBe(0);
    expect(alive(below)).toEqual([]);
    await endedWell(below);
    await restarted(before);
    await app.logSays(/app\[web\.1\]: the app sees SIGTERM/);
    await app.logSays(/app\[worker\.1\]: worker is done/);
  }, 120_000);

  test("Ctrl-C in a terminal does the same", async () => {
    const before = await noteLife();
    const below = processesBelow(journey.platform.pid);
    process.kill(-journey.platform.pid, "SIGINT");
    await journey.platform.ended();
    await endedWell(below);
    await restarted(before);
  }, 120_000);
});
