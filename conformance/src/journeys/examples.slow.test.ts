import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { Agent, WebSocket } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { onKubernetes } from "../engine-differences.ts";
import { type Journey, type JourneyApp, setOut } from "../journey.ts";
import { CLONE } from "../running-platform.ts";

/** Each example is pushed as its README tells, and shows what it teaches. */

let journey: Journey;

beforeAll(async () => {
  journey = await setOut();
});

afterAll(() => journey?.end());

async function deployExample(name: string): Promise<JourneyApp> {
  const app = await journey.makeApp(name, {});
  cpSync(join(CLONE, "examples", name), app.folder, { recursive: true });
  await app.commit({}, "The example");
  const pushed = await app.push();
  expect(pushed.stderr).toContain("Verifying deploy... done.");
  return app;
}

describe("echo-node", () => {
  test("shows what a dyno sees", async () => {
    const app = await deployExample("echo-node");
    const host = `echo-node.localhost:${journey.platform.routerPort}`;
    const first = JSON.parse((await app.page("/a/path?with=query", { host, "x-own": "header" })).body);
    expect(first).toMatchObject({
      release: "v2",
      dyno: "web.1",
      path: "/a/path?with=query",
      greeting: "hello",
    });
    expect(first.headers).toMatchObject({
      "x-own": "header",
      "x-forwarded-proto": "http",
      "x-forwarded-port": String(journey.platform.routerPort),
      "x-forwarded-for": journey.platform.visitor,
      host,
    });
    expect(first.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
    await app.printed("config:set", "GREETING=hi");
    const second = await app.pageSays('"greeting":"hi"');
    expect(JSON.parse(second.body)).toMatchObject({ release: "v3" });
  }, 360_000);
});

describe("node-express", () => {
  let app: JourneyApp;

  test("is installed from its lock file and built", async () => {
    app = await deployExample("node-express");
    expect(await app.page()).toMatchObject({ status: 200, body: "Hello from Express\n" });
    const commit = (await app.git("rev-parse", "HEAD")).stdout.trim();
    expect(JSON.parse((await app.page("/built")).body)).toEqual({ source: commit });
  }, 540_000);

  test("has run its release command", async () => {
    expect(await app.printed("releases:output", "v2")).toContain("release command of v2");
  });

  test("has a worker", async () => {
    await app.printed("ps:scale", "worker=1");
    await app.logSays(/app\[worker\.1\]: worker did piece 1$/);
    await app.printed("ps:scale", "worker=0");
    await app.logSays(/app\[worker\.1\]: worker stops in good order$/);
  });
});

describe("go-web", () => {
  test("is compiled, and each of its commands is a process type", async () => {
    const app = await deployExample("go-web");
    expect(await app.page()).toMatchObject({ status: 200, body: "Hello from Go, release v2\n" });
    expect((await app.page("/go")).body).toMatch(/^go1\.25\.\d+\n$/);
    await app.printed("ps:scale", "worker=1");
    await app.logSays(/app\[worker\.1\]: .*worker did piece 1$/);
    await app.printed("ps:scale", "web=0", "worker=0");
    await app.logSays(/app\[web\.1\]: .*web stops in good order$/);
    await app.logSays(/app\[worker\.1\]: .*worker stops in good order$/);
  }, 720_000);
});

/** A platform of this machine builds with its JDK; one on a cluster needs a source of JDKs that it can reach. */
const hasJdk = !onKubernetes && existsSync("/usr/lib/jvm");

describe.skipIf(!hasJdk)("java-web (skipped where the base has no JDK)", () => {
  test("is built by Maven, and is Spring Boot in its dyno", async () => {
    const app = await deployExample("java-web");
    expect(await app.page()).toMatchObject({ status: 200, body: "Hello from Spring Boot, release v2\n" });
    expect(Number((await app.page("/heap")).body)).toBeLessThanOrEqual(400);
    await app.printed("ps:scale", "web=0");
    await app.logSays(/app\[web\.1\]: .*Graceful shutdown complete/);
  }, 900_000);
});

describe("python-flask", () => {
  test("serves with gunicorn from requirements.txt", async () => {
    const app = await deployExample("python-flask");
    expect(await app.page()).toMatchObject({ status: 200, body: "Hello from Flask, release v2\n" });
  }, 720_000);
});

/** Its Ruby is a package of the base's release; a cluster's builders have to reach that archive. */
const hasPackages = !onKubernetes && existsSync("/usr/bin/apt-get");

describe.skipIf(!hasPackages)("ruby-rack (skipped where the base has no apt, and on clusters)", () => {
  test("serves with a Ruby of the release", async () => {
    const app = await deployExample("ruby-rack");
    expect(await app.page()).toMatchObject({ status: 200, body: "Hello from Ruby, release v2\n" });
    expect((await app.page("/ruby")).body).toMatch(/^\d+\.\d+\.\d+ in production\n$/);
  }, 540_000);
});

describe("static-site", () => {
  test("serves its files, with caching and a 404 page", async () => {
    const app = await deployExample("static-site");
    const page = await app.page();
    expect(page).toMatchObject({ status: 200 });
    expect(page.headers["content-type"]).toMatch(/text\/html/);
    const known = await app.page("/", { "if-none-match": String(page.headers.etag) });
    expect(known.status).toBe(304);
    expect(await app.page("/style.css")).toMatchObject({ status: 200 });
    expect(await app.page("/there-is-no-such-page")).toMatchObject({ status: 404 });
  }, 360_000);
});

describe("websocket-chat", () => {
  test("what one says all hear, and a restart says good-bye", async () => {
    const app = await deployExample("websocket-chat");
    const dispatcher = new Agent({
      connect: { lookup: (_host, _options, done) => done(null, [{ address: "127.0.0.1", family: 4 }]) },
    });
    const join = () =>
      new WebSocket(`ws://websocket-chat.localhost:${journey.platform.routerPort}/chat`, { dispatcher });
    const [one, two] = [join(), join()];
    await Promise.all([one, two].map((socket) => eventOf(socket, "open")));
    const heard = Promise.all([one, two].map((socket) => eventOf(socket, "message")));
    one.send("good morning");
    expect((await heard).map((event) => (event as MessageEvent).data)).toEqual([
      "good morning",
      "good morning",
    ]);
    const left = Promise.all([one, two].map((socket) => eventOf(socket, "close")));
    await app.printed("ps:restart");
    expect((await left).map((event) => (event as CloseEvent).code)).toEqual([1001, 1001]);
    await dispatcher.close();
  }, 540_000);
});

describe("crash-and-slow-boot", () => {
  test("is late, crashes, and is cured by unsetting the config var", async () => {
    const app = await deployExample("crash-and-slow-boot");
    expect(await app.page()).toMatchObject({ status: 200, body: "alive as web.1\n" });
    await app.printed("config:set", "EXIT_AT_ONCE=7");
    await app.logSays(/heroku\[web\.1\]: Process exited with status 7$/);
    expect(await app.page()).toMatchObject({ status: 200 });
    await app.printed("config:unset", "EXIT_AT_ONCE");
    await app.printed("config:set", "BOOT_DELAY=2000", "CRASH_AFTER=1000");
    await app.logSays(/app\[web\.1\]: crashing as told$/, 20_000);
    await app.logSays(/heroku\[web\.1\]: State changed from up to crashed$/, 20_000);
  }, 360_000);
});

/** The next event of this kind; rejects when the socket fails first. */
function eventOf(socket: WebSocket, kind: "open" | "message" | "close"): Promise<unknown> {
  return new Promise((resolve, reject) => {
    socket.addEventListener(kind, resolve, { once: true });
    socket.addEventListener("error", () => reject(new Error("the socket failed")), { once: true });
  });
}
