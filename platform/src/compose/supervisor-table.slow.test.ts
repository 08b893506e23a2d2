import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readPostmasterFile, serverProcesses } from "../drivers/embedded/postgres/postgres-remains.ts";
import { pause } from "../kernel/index.ts";
import { isAlive, markProcess, type ProcessMark, readRecord } from "./supervisor-instance.ts";

/** One test for each row of the process table, with roles that have nothing in them. */

const FIXTURE = join(import.meta.dirname, "supervisor-fixtures.ts");

let home: string;
let ports: Record<string, string>;
const started: ChildProcess[] = [];

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "conifer-sup-"));
  const [api, router, tls, registry] = await freePorts(4);
  ports = {
    CONIFER_PORT: String(api),
    CONIFER_ROUTER_PORT: String(router),
    CONIFER_ROUTER_TLS_PORT: String(tls),
    CONIFER_REGISTRY_PORT: String(registry),
  };
});

afterEach(async () => {
  const record = readRecord(join(home, "run/supervisor.json"));
  for (const child of started.splice(0)) child.kill("SIGKILL");
  for (const mark of Object.values(record?.children ?? {})) await until(() => !isAlive(mark));
  rmSync(home, { recursive: true, force: true });
});

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    for (let tries = 0; !server.listening && tries < 100; tries++) {
      const port = 20_000 + Math.floor(Math.random() * 12_000);
      await new Promise<void>((resolve) => {
        server.once("error", () => resolve());
        server.listen(port, "127.0.0.1", () => resolve());
      });
      if (server.listening) ports.push(port);
    }
  }
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function until(condition: () => boolean, ms = 10_000): Promise<number> {
  const began = performance.now();
  while (!condition()) {
    if (performance.now() - began > ms) throw new Error(`not within ${ms} ms: ${condition}`);
    await pause(5);
  }
  return performance.now() - began;
}

interface Supervisor {
  readonly child: ChildProcess;
  output(): string;
  readonly ended: Promise<number | null>;
}

/** The supervisor as `npm start` runs it; `through` is a shell that stands for npm. */
function start(env: Record<string, string> = {}, through: "nothing" | "npm" = "nothing"): Supervisor {
  const node = [process.execPath, "--disable-warning=ExperimentalWarning", FIXTURE];
  const line = node.map((word) => `'${word}'`).join(" ");
  const [command = "", ...args] = through === "npm" ? ["sh", "-c", `CONIFER_PARENT=$$ ${line} & wait`] : node;
  const child = spawn(command, args, {
    env: { PATH: process.env.PATH, CONIFER_HOME: home, DATABASE_URL: "postgres://none", ...ports, ...env },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { child, output: () => output, ended };
}

async function ready(supervisor: Supervisor): Promise<void> {
  await until(() => /^Conifer is ready/m.test(supervisor.output()) || supervisor.child.exitCode !== null);
  expect(supervisor.output()).toMatch(/^Conifer is ready/m);
}

const events = () =>
  existsSync(join(home, "events")) ? readFileSync(join(home, "events"), "utf8").trim().split("\n") : [];

/** The role's processes of its latest life: itself and what it started. */
function lives(role: string): ProcessMark[][] {
  return events()
    .filter((line) => line.startsWith(`${role} up`))
    .map((line) => {
      const pids = line.split(" ").slice(2).map(Number);
      return pids.flatMap((pid) => markProcess(pid) ?? []);
    });
}

const everything = () => ["control", "host", "router"].flatMap((role) => lives(role).at(-1) ?? []);

describe("the process table", () => {
  test("all roles start, the page is printed, and a home is for its user only", async () => {
    const supervisor = start();
    await ready(supervisor);
    expect(everything()).toHaveLength(6);
    expect(statSync(home).mode & 0o777).toBe(0o700);
    for (const file of ["run/secret", "keys/master.json", "run/supervisor.json"]) {
      expect(statSync(join(home, file)).mode & 0o777).toBe(0o600);
    }
    expect(supervisor.output()).toContain("heroku create -r conifer");
  });

  test.each(["setpriv", "channel"])(
    "kill -9 of the supervisor ends everything in 1 s (%s)",
    async (guard) => {
      const supervisor = start({ FAKE_GUARD: guard });
      await ready(supervisor);
      const below = everything();
      const roles = ["control", "host", "router"].flatMap((role) => lives(role).at(-1)?.[0] ?? []);
      supervisor.child.kill("SIGKILL");
      expect(await until(() => roles.every((mark) => !isAlive(mark)))).toBeLessThan(1_000);
      // What a role started and nobody told to end is ended by the next start.
      const again = start({ FAKE_GUARD: guard });
      await ready(again);
      expect(below.filter(isAlive)).toEqual([]);
    },
  );

  test("everything ends within 1 s when npm dies", async () => {
    const npm = start({}, "npm");
    await ready(npm);
    const below = everything();
    npm.child.kill("SIGKILL");
    expect(await until(() => below.every((mark) => !isAlive(mark)))).toBeLessThan(1_000);
  });

  test.each([
    ["control", 2_000],
    ["router", 1_000],
    ["host", 2_000],
  ])("%s is back within %i ms after kill -9, and the others are not touched", async (role, limit) => {
    const supervisor = start();
    await ready(supervisor);
    const others = ["control", "host", "router"].filter((name) => name !== role);
    const before = others.map((name) => lives(name).at(-1));
    const [first] = lives(role).at(-1) ?? [];
    process.kill(first?.pid ?? 0, "SIGKILL");
    const took = await until(() => lives(role).length === 2 && (lives(role).at(-1)?.length ?? 0) === 2);
    expect(took).toBeLessThan(limit);
    expect(others.map((name) => lives(name).at(-1))).toEqual(before);
    await until(() => supervisor.output().includes(`${role} serves again.`));
    expect(lives(role)[0]).toEqual([]);
  });
});

describe("the row of the registry", () => {
  const ON = { CONIFER_REGISTRY: "on" };

  test("it does not run unless it is on", async () => {
    await ready(start());
    expect(lives("registry")).toEqual([]);
  });

  test("it is back within 2 s after kill -9, and the others are not touched", async () => {
    const supervisor = start(ON);
    await ready(supervisor);
    expect(supervisor.output()).toContain("registry, host, router and control");
    const before = everything();
    process.kill(lives("registry").at(-1)?.[0]?.pid ?? 0, "SIGKILL");
    const back = () => lives("registry").length === 2 && lives("registry").at(-1)?.length === 2;
    expect(await until(back)).toBeLessThan(2_000);
    expect(everything()).toEqual(before);
    await until(() => supervisor.output().includes("registry serves again."));
  });

  test("it ends with the others, told to or not", async () => {
    const supervisor = start(ON);
    await ready(supervisor);
    supervisor.child.kill("SIGTERM");
    expect(await supervisor.ended).toBe(0);
    expect(events()).toContain("registry TERM");
    const again = start(ON);
    await ready(again);
    const [role] = lives("registry").at(-1) ?? [];
    again.child.kill("SIGKILL");
    expect(await until(() => role !== undefined && !isAlive(role))).toBeLessThan(1_000);
  });

  test("a taken port of its is named with its variable, when it is on", async () => {
    const server = createServer();
    const port = Number(ports.CONIFER_REGISTRY_PORT);
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    await ready(start());
    for (const child of started.splice(0)) {
      child.kill("SIGTERM");
      await new Promise((resolve) => child.once("close", resolve));
    }
    const refused = start(ON);
    expect(await refused.ended).toBe(1);
    expect(refused.output()).toContain("CONIFER_REGISTRY_PORT");
    server.close();
  });
});

describe("the row of PostgreSQL", () => {
  const servers = () => serverProcesses(join(home, "postgres"));
  const postmaster = async () => (await readPostmasterFile(join(home, "postgres")))?.pid ?? 0;

  afterEach(async () => {
    for (const pid of await servers()) process.kill(pid, "SIGKILL");
  });

  test("kill -9: it is started again, the roles are not touched, and control alone knows where it is", async () => {
    const supervisor = start({ DATABASE_URL: "" });
    await ready(supervisor);
    const before = everything();
    expect(supervisor.output()).toContain("Starting PostgreSQL,");
    process.kill(await postmaster(), "SIGKILL");
    await until(() => supervisor.output().includes("PostgreSQL had ended and serves again."));
    expect(everything()).toEqual(before);
    supervisor.child.kill("SIGTERM");
    expect(await supervisor.ended).toBe(0);
    expect(await servers()).toEqual([]);
  });

  test("kill -9 of the supervisor ends it too, and the next start recovers", async () => {
    const supervisor = start({ DATABASE_URL: "" });
    await ready(supervisor);
    supervisor.child.kill("SIGKILL");
    const began = performance.now();
    while ((await servers()).length > 0) await pause(5);
    expect(performance.now() - began).toBeLessThan(1_000);
    const again = start({ DATABASE_URL: "" });
    await ready(again);
    again.child.kill("SIGINT");
    expect(await again.ended).toBe(0);
  });

  test("a Ctrl-C during the first start stops what there is of it", async () => {
    const supervisor = start({ DATABASE_URL: "" });
    await until(() => supervisor.output().includes("Starting PostgreSQL,"));
    supervisor.child.kill("SIGINT");
    expect(await supervisor.ended).toBe(0);
    expect(await servers()).toEqual([]);
    expect(everything().filter(isAlive)).toEqual([]);
  });
});

describe("stopping", () => {
  test("SIGTERM stops the roles in order and ends with status 0; nothing stays in run/", async () => {
    const supervisor = start();
    await ready(supervisor);
    const below = everything();
    supervisor.child.kill("SIGTERM");
    expect(await supervisor.ended).toBe(0);
    expect(
      events()
        .filter((line) => line.endsWith("TERM"))
        .sort(),
    ).toEqual(["control TERM", "host TERM", "router TERM"]);
    expect(below.filter(isAlive)).toEqual([]);
    expect(existsSync(join(home, "run/supervisor.json"))).toBe(false);
  });

  test("the same Ctrl-C arriving twice is one; a second press stops at once", async () => {
    const supervisor = start({ FAKE_HOST: "stubborn" });
    await ready(supervisor);
    supervisor.child.kill("SIGINT");
    supervisor.child.kill("SIGINT");
    await until(() => events().includes("control TERM"));
    await pause(600);
    expect(supervisor.child.exitCode).toBe(null);
    supervisor.child.kill("SIGINT");
    expect(await supervisor.ended).toBe(130);
    expect(supervisor.output()).toContain("stops at once");
  });

  test("a role that ignores SIGTERM is killed when the time is over", async () => {
    const supervisor = start({ FAKE_HOST: "stubborn", FAKE_STOP_MS: "3000" });
    await ready(supervisor);
    supervisor.child.kill("SIGTERM");
    expect(await supervisor.ended).toBe(0);
    expect(events()).toContain("host TERM");
  });
});

describe("refusing to start", () => {
  test("a second instance in the same home names the first", async () => {
    const first = start();
    await ready(first);
    const second = start();
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain(`process ${first.child.pid}`);
    expect(first.child.exitCode).toBe(null);
  });

  test("two that start together: one is refused", async () => {
    const both = [start(), start()];
    await until(() => both.some((one) => one.child.exitCode !== null));
    const left = both.find((one) => one.child.exitCode === null);
    expect(left).toBeDefined();
    if (left) await ready(left);
  });

  test("a taken port is named with its variable", async () => {
    const server = createServer();
    await new Promise<void>((resolve) =>
      server.listen(Number(ports.CONIFER_ROUTER_PORT), "127.0.0.1", resolve),
    );
    const supervisor = start();
    expect(await supervisor.ended).toBe(1);
    expect(supervisor.output()).toContain("CONIFER_ROUTER_PORT");
    expect(supervisor.output()).not.toContain("CONIFER_PORT ");
    server.close();
    expect(everything()).toEqual([]);
  });

  test("a role that cannot start is shown with its last words, and the others end", async () => {
    const supervisor = start({ FAKE_CONTROL: "fails" });
    expect(await supervisor.ended).toBe(1);
    expect(supervisor.output()).toContain("control did not start");
    expect(supervisor.output()).toContain("the disk is full of sand");
    expect(everything().filter(isAlive)).toEqual([]);
    expect(existsSync(join(home, "run/supervisor.json"))).toBe(false);
  });
});
