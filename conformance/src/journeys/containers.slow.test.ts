import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { controlApp } from "../app-control.ts";
import { makeContainer, missingContainerTools } from "../container-layout.ts";
import { type Journey, type JourneyApp, setOut } from "../journey.ts";
import { type CommandResult, execute } from "../stock-client.ts";

/** Apps that are made of images, pushed or built of Dockerfiles, with nothing of Docker on the machine. */

const missing = missingContainerTools();
let journey: Journey;
let app: JourneyApp;

beforeAll(async () => {
  if (missing) return;
  journey = await setOut();
  app = await journey.makeApp("boxed", { "note.txt": "no source is built\n" });
});
afterAll(() => journey?.end());

const client = (...args: string[]) => journey.person.npm(["run", "-s", "heroku", "--", ...args]);

function pushImage(layout: string, type: string, token?: string): Promise<CommandResult> {
  const { platform, person } = journey;
  const login = `_:${token ?? platform.access.token}`;
  const target = `docker://localhost:${platform.apiPort}/${app.name}/${type}:latest`;
  const args = ["copy", "--quiet", "--dest-tls-verify=false", "--dest-creds", login, `oci:${layout}:latest`];
  const policy = ["--insecure-policy"];
  return execute("skopeo", [...policy, ...args, target], { env: person.env });
}

const SERVE =
  'mkdir -p /tmp/www; echo "hi $GREETING from $DYNO as $(id -u) in $(pwd)" >/tmp/www/index.html; exec httpd -f -p $PORT -h /tmp/www';

describe.skipIf(missing)(`an app of images${missing ? ` (${missing})` : ""}`, () => {
  test("is refused while its stack builds from source, and with a wrong token", async () => {
    const layout = makeContainer(join(journey.person.home, "web-image"), {
      Cmd: ["/bin/sh", "-c", SERVE],
      Env: ["GREETING=image", "PATH=/bin"],
      WorkingDir: "/srv",
    });
    expect((await client("container:release", "web", "-a", app.name)).all).toContain("stack:set container");
    await app.printed("stack:set", "container");
    expect((await pushImage(layout, "web", "wrong")).all).toMatch(/unauthorized|authentication required/i);
    const pushed = await pushImage(layout, "web");
    expect([pushed.code, pushed.all]).toEqual([0, ""]);
  });

  test("is released by the stock client, and runs what the images say", async () => {
    const work = "while true; do echo working as $(id -u):$(id -g); sleep 1; done";
    const layout = makeContainer(join(journey.person.home, "worker-image"), {
      Entrypoint: ["/bin/sh", "-c", work],
      User: "1234:99",
    });
    expect((await pushImage(layout, "worker")).all).toBe("");
    const released = await client("container:release", "web", "worker", "-a", app.name);
    expect([released.code, released.all]).toEqual([
      0,
      expect.stringContaining("Releasing images web,worker"),
    ]);
    await app.pageSays("hi image from web.1 as 1000 in /srv");
    await app.printed("ps:scale", "worker=1");
    await app.logSays(/app\[worker\.1\]: working as 1234:99/);
    const releases = await app.printed("releases");
    expect(releases).toMatch(/v2 +Deployed web \([0-9a-f]{12}\), worker \([0-9a-f]{12}\)/);
  });

  test("has config vars, commands, rollback, and types that are taken away", async () => {
    await controlApp(journey, app).setConfig({ GREETING: "config" });
    await app.pageSays("hi config from web.1");
    const look =
      "id -u; stat -c %a /bin/busybox; ls /; touch /tmp/mine && echo written; cat /proc/self/status /proc/1/cmdline";
    const ran = await app.heroku("run", "--no-tty", "--", look);
    expect(ran.stdout).toContain("1000\n");
    expect(ran.stdout).toContain("written");
    expect(ran.stdout).not.toContain("workspace");
    // On one machine the set-user-id bit is left out; where it is there, it means nothing.
    expect(ran.stdout).toMatch(/^4?755$/m);
    expect(ran.stdout).toMatch(/^NoNewPrivs:\t1\r?$/m);
    await controlApp(journey, app).rollBack(2);
    await app.pageSays("hi image from web.1");
    const removed = await client("container:rm", "worker", "-a", app.name);
    expect([removed.code, removed.all]).toEqual([0, expect.stringContaining("Removing container worker")]);
    expect(await app.printed("releases")).toMatch(/v5 +Removed worker/);
    const last = await client("container:rm", "web", "-a", app.name);
    expect(last.all).toMatch(/last process type.*ps:scale web=0/s);
  });
});

const DOCKERFILE = `ARG BASE
FROM $BASE AS base
RUN echo "made as $(id -u)" >/srv/made && chown 33:33 /srv/made
FROM base AS web
ARG WORDS
ENV WORDS=$WORDS PATH=/bin
COPY . /srv/app/
WORKDIR /srv/app
`;

async function isBuilt(): Promise<void> {
  await app.printed("stack:set", "container");
  await app.commit({
    "heroku.yml": [
      "build:",
      "  docker:",
      "    web: { dockerfile: Dockerfile, target: web }",
      `  config: { BASE: "oci:/build/workspace/base:latest", WORDS: from config }`,
      "release:",
      "  command: [echo migrating with $WORDS]",
      "run:",
      `  web: mkdir /tmp/www; (cat /srv/made; echo $WORDS; ls) >/tmp/www/index.html; exec httpd -f -p $PORT -h /tmp/www`,
    ].join("\n"),
    Dockerfile: DOCKERFILE,
    ".dockerignore": "base\nsecret.txt\n",
    "secret.txt": "not for the image\n",
  });
  makeContainer(join(app.folder, "base"), { Cmd: ["/bin/sh"], Env: ["PATH=/bin"] });
  await app.commit({});
  const pushed = await app.git("push", "heroku", "main");
  expect(pushed.stderr).toContain("Building web (Dockerfile)");
  expect(pushed.stderr).toContain("migrating with from config");
  expect(pushed.code).toBe(0);
  const page = await app.pageSays("made as 0");
  expect(page.body).toContain("from config");
  expect(page.body).toContain("heroku.yml");
  expect(page.body).not.toContain("secret.txt");
}

describe.skipIf(missing)("an app of Dockerfiles", () => {
  test("is built by heroku.yml from a base that nobody published, released and served", isBuilt);
});
