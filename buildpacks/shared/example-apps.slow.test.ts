import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../platform/src/kernel/free-port-fixtures.ts";
import { type AppBuilds, makeAppBuilds, makeFolder } from "./buildpack-fixtures.ts";
import { bundleBuildpacks } from "./bundle-buildpacks.ts";

// Each example is built by its buildpack and does what its README says it teaches; those that take long to build are among the journeys alone.

const EXAMPLES = path.resolve(import.meta.dirname, "../../examples");

let folder: Awaited<ReturnType<typeof makeFolder>>;
let packs: Readonly<Record<string, string>>;
const running: ChildProcess[] = [];
beforeAll(async () => {
  folder = await makeFolder();
  const { buildpacks } = await bundleBuildpacks(path.join(folder.at, "packs"));
  packs = Object.fromEntries(buildpacks.map(({ id, dir }) => [id, dir]));
});
afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }
});
afterAll(() => folder.remove());

async function builtExample(name: string, buildpack: string): Promise<AppBuilds> {
  const source = path.join(EXAMPLES, name);
  const app = await makeAppBuilds(path.join(folder.at, name), { buildpack: packs[buildpack] ?? "", source });
  expect(await app.build()).toMatchObject({ code: 0 });
  return app;
}

interface Started {
  readonly port: number;
  readonly child: ChildProcess;
  /** What it has written so far. */
  readonly output: () => string;
  get(target: string): Promise<string>;
  /** Asks it to stop, and gives its exit status. */
  stop(): Promise<number | null>;
}

/** Starts a line of shell as a dyno would, in the app's folder with `PORT`. */
async function start(
  app: string,
  line: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Started> {
  const port = await freePort();
  const child = spawn("bash", ["-c", `exec ${line}`], {
    cwd: app,
    env: { PATH: process.env.PATH, PORT: String(port), DYNO: "web.1", HEROKU_RELEASE_VERSION: "v7", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (more: string) => {
      output += more;
    });
  }
  return {
    port,
    child,
    output: () => output,
    get: async (target) => (await fetch(`http://127.0.0.1:${port}${target}`)).text(),
    async stop() {
      const ended = once(child, "exit") as Promise<[number | null]>;
      child.kill("SIGTERM");
      const [code] = await ended;
      return code;
    },
  };
}

const says = (started: Started, words: string | RegExp) =>
  expect.poll(started.output, { timeout: 20_000, interval: 20 }).toMatch(words);

describe("echo-node", () => {
  it("says what a dyno sees", async () => {
    const web = await start(path.join(EXAMPLES, "echo-node"), "node server.js", { GREETING: "hi" });
    await says(web, "listening on");
    expect(JSON.parse(await web.get("/a?b"))).toMatchObject({
      ...{ release: "v7", dyno: "web.1", method: "GET", path: "/a?b", greeting: "hi" },
    });
    expect(await web.stop()).toBe(0);
  });
});

describe("crash-and-slow-boot", () => {
  const misbehave = (env: Readonly<Record<string, string>>) =>
    start(path.join(EXAMPLES, "crash-and-slow-boot"), "node server.js", env);

  it("behaves when it is not told otherwise", async () => {
    const web = await misbehave({});
    await says(web, "listening on");
    expect(await web.get("/")).toBe("alive as web.1\n");
    expect(await web.stop()).toBe(0);
    expect(web.output()).toContain("stopping");
  });

  it.each([
    ["EXIT_AT_ONCE", "0", 0],
    ["EXIT_AT_ONCE", "3", 3],
    ["CRASH_AFTER", "50", 1],
  ])("%s=%s ends with %i", async (name, value, status) => {
    const web = await misbehave({ [name]: value });
    const [code] = (await once(web.child, "exit")) as [number];
    expect(code).toBe(status);
  });

  it.each([
    ["127.0.0.1", '"address":"127.0.0.1"'],
    ["wrong-port", "listening on"],
  ])("LISTEN_ON=%s", async (value, words) => {
    const web = await misbehave({ LISTEN_ON: value });
    await says(web, words);
    expect(web.output().includes(`"port":${web.port}`)).toBe(value !== "wrong-port");
  });

  it("BOOT_DELAY listens late", async () => {
    const began = performance.now();
    const web = await misbehave({ BOOT_DELAY: "400" });
    await says(web, "listening on");
    expect(performance.now() - began).toBeGreaterThan(390);
  });

  it("IGNORE_SIGTERM goes on", async () => {
    const web = await misbehave({ IGNORE_SIGTERM: "1" });
    await says(web, "listening on");
    web.child.kill("SIGTERM");
    await says(web, "ignoring SIGTERM");
    expect(await web.get("/")).toBe("alive as web.1\n");
  });
});

describe("node-express", () => {
  it("serves, works and releases", async () => {
    const app = await builtExample("node-express", "conifer/nodejs");
    const web = await start(app.app, "node web.js");
    await says(web, "web listens on");
    expect(await web.get("/")).toBe("Hello from Express\n");
    expect(JSON.parse(await web.get("/built"))).toEqual({ source: "unknown" });
    const slow = web.get("/slow");
    await expect.poll(async () => (await web.get("/")).length).toBeGreaterThan(0);
    const stopped = web.stop();
    expect(await slow).toBe("slow\n");
    expect(await stopped).toBe(0);

    const worker = await start(app.app, "node worker.js");
    await says(worker, "worker did piece 2");
    expect(await worker.stop()).toBe(0);
    expect(worker.output()).toContain("worker stops in good order");

    const release = await start(app.app, "node release.js");
    await says(release, "release command of v7");
  });
});

describe("websocket-chat", () => {
  it("lets everybody see what anybody says, and ends politely", async () => {
    const app = await builtExample("websocket-chat", "conifer/nodejs");
    const chat = await start(app.app, "node server.js");
    await says(chat, "chat listens on");
    expect(await chat.get("/")).toContain("<title>Chat</title>");
    const join = async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${chat.port}/chat`);
      await once(socket, "open");
      return socket;
    };
    const [one, other] = [await join(), await join()];
    const heard = once(other, "message") as Promise<[MessageEvent]>;
    one.send("hello ☃");
    const [message] = await heard;
    expect(message.data).toBe("hello ☃");
    const closed = once(other, "close") as Promise<[CloseEvent]>;
    expect(await chat.stop()).toBe(0);
    expect((await closed)[0]).toMatchObject({ code: 1001, reason: "the chat restarts" });
  });
});

describe("python-flask", () => {
  it("answers by gunicorn, with workers as its memory allows", async () => {
    const app = await builtExample("python-flask", "conifer/python");
    const bin = path.join(app.layers, "packages", "bin");
    const line = await readFile(path.join(app.app, "Procfile"), "utf8");
    const web = await start(app.app, line.replace(/^web:/, "").trim(), {
      PATH: `${bin}:${process.env.PATH}`,
      WEB_CONCURRENCY: "2",
    });
    await says(web, /Booting worker[\s\S]*Booting worker/);
    expect(await web.get("/")).toBe("Hello from Flask, release v7\n");
    expect(await web.stop()).toBe(0);
  });
});

describe("static-site", () => {
  it("is served with clean addresses and its own page for what is not there", async () => {
    const app = await builtExample("static-site", "conifer/static");
    const { processes } = (await app.launch()) as { processes: { args: string[] }[] };
    const line = processes[0]?.args[0]?.replace(/^exec /, "") ?? "";
    const web = await start(app.app, line, { PATH: `${path.join(app.layers, "node/bin")}:/usr/bin:/bin` });
    await says(web, "Serving");
    expect(await web.get("/about")).toContain("This page is the file about.html.");
    expect(await web.get("/none")).toContain("There is nothing at this address");
    expect(await web.stop()).toBe(0);
  });
});
