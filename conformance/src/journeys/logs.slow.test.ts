import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PACKAGE_JSON } from "../app-folder.ts";
import { type Journey, type JourneyApp, setOut } from "../journey.ts";
import { waitUntil } from "../wait-until.ts";

/** What `heroku logs` shows of apps that print in every way. */

const LONG = 30_000;
const FLOOD = 60_000;

/** Prints as its paths say. */
const TALKER = `const { createServer } = require("node:http");
const say = {
  "/line": (words) => console.log(decodeURIComponent(words)),
  "/error": () => console.error("an error\\n  at the second line\\n  at the third"),
  "/binary": () => process.stdout.write(Buffer.from([0x62, 0x69, 0x6e, 0xff, 0xfe, 0x00, 0x1b, 0x72, 0x79, 0x0a])),
  "/long": () => console.log("long " + "x".repeat(${LONG}) + " end"),
  "/partial": () => process.stdout.write("a line without its end"),
  "/flood": () => {
    let left = ${FLOOD};
    const some = () => {
      for (let i = 0; i < 500 && left > 0; i++) console.log("flood " + left--);
      if (left > 0) setImmediate(some);
    };
    some();
  },
};
createServer((request, response) => {
  const [path, query] = request.url.split("?");
  say[path]?.(query);
  response.end("said");
}).listen(process.env.PORT);
process.on("SIGTERM", () => process.exit(0));
`;

let journey: Journey;
let app: JourneyApp;

beforeAll(async () => {
  journey = await setOut();
  app = await journey.deployApp("talker", {
    "package.json": PACKAGE_JSON,
    "server.js": TALKER,
    "work.js": 'console.log("the worker is here"); setInterval(() => {}, 1000);\n',
    Procfile: "web: node server.js\nworker: node work.js\n",
  });
  await app.printed("ps:scale", "worker=1");
  await app.logSays(/app\[worker\.1\]: the worker is here/, 60_000);
});

afterAll(() => journey?.end());

const LINE =
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00 (app|heroku)\[(api|router|web\.\d+|worker\.\d+)\]: /;

const nonEmpty = (text: string) => text.split("\n").filter((line) => line !== "");

describe("what is shown", () => {
  test("lines of the app, the router, the API and the dyno manager in one form", async () => {
    await app.page("/line?hello");
    await app.logSays(/app\[web\.1\]: hello$/);
    const { email } = journey.platform.access;
    const lines = nonEmpty((await app.logLines()).join("\n"));
    expect(lines.filter((line) => !LINE.test(line))).toEqual([]);
    for (const pattern of [
      new RegExp(`app\\[api\\]: Release v1 created by user ${email}`),
      new RegExp(`app\\[api\\]: Deploy [0-9a-f]{8} by user ${email}`),
      /app\[api\]: Scaled to .*worker@1:Standard-1X/,
      /app\[api\]: Build succeeded/,
      /heroku\[web\.1\]: Starting process with command `node server\.js`/,
      /heroku\[web\.1\]: State changed from starting to up/,
      /heroku\[router\]: at=info method=GET path="\/line\?hello"/,
    ])
      expect(
        lines.find((line) => pattern.test(line)),
        String(pattern),
      ).toBeDefined();
  });

  test("the last so many, 100 unless told", async () => {
    for (let i = 0; i < 60; i++) await app.page(`/line?number${i}`);
    await app.logSays(/app\[web\.1\]: number59$/);
    await app.logSays(/path="\/line\?number59"/);
    expect(nonEmpty(await app.printed("logs"))).toHaveLength(100);
    const three = nonEmpty(await app.printed("logs", "--num", "3"));
    expect(three).toHaveLength(3);
    expect(three.join("\n")).toContain("number59");
  });

  test.each([
    ["--source app", /app\[/],
    ["--source heroku", /heroku\[/],
    ["--dyno-name web.1", /(app|heroku)\[web\.1\]/],
    ["--process-type worker", /(app|heroku)\[worker\.1\]/],
    ["--source app --dyno-name worker.1", /app\[worker\.1\]/],
  ])("only %s", async (flags, pattern) => {
    const lines = nonEmpty(await app.printed("logs", ...flags.split(" ")));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => !pattern.test(line))).toEqual([]);
  });
});

describe("--tail", () => {
  test("shows what is there, then each line when it is printed", async () => {
    const tail = journey.person.start(["logs", "--tail", "-a", "talker", "--num", "5"]);
    await tail.sees(/number59/);
    await app.page("/line?live%20one");
    await tail.sees(/app\[web\.1\]: live one\n/);
    await app.page("/line?live%20two");
    await tail.sees(/app\[web\.1\]: live two\n/);
    tail.kill("SIGINT");
    await tail.ended;
  });

  test("of one source shows no other", async () => {
    const tail = journey.person.start(["logs", "--tail", "-a", "talker", "--source", "app", "-d", "web.1"]);
    await tail.sees(/live two/);
    await app.page("/line?only%20this");
    await tail.sees(/only this/);
    expect(tail.output()).not.toMatch(/heroku\[|worker\.1\]/);
    tail.kill("SIGINT");
    await tail.ended;
  });
});

describe("lines of every kind", () => {
  test("several at once are several, with the blanks they begin with", async () => {
    await app.page("/error");
    await app.logSays(/app\[web\.1\]: *at the third$/);
    const { body: session } = await journey.api("POST", "/apps/talker/log-sessions", { source: "app" });
    // The client takes the blanks off; the stream has them.
    const lines = (await (await fetch(session.logplex_url)).text()).split("\n");
    expect(lines.filter((line) => /: (an error| {2}at the (second line|third))$/.test(line))).toHaveLength(3);
  });

  test("bytes that are no text, and no end", async () => {
    await app.page("/binary");
    await app.logSays(/app\[web\.1\]: bin/);
    await app.page("/partial");
    await app.printed("ps:restart", "web.1");
    await app.logSays(/app\[web\.1\]: a line without its end$/);
    await app.pageSays("said");
  });

  test("a very long one loses nothing", async () => {
    await app.page("/long");
    await app.logSays(/ end$/);
    const lines = await app.logLines("--source", "app");
    const xs = lines.flatMap((line) => (/: (?:long )?(x+)/.exec(line)?.[1] ?? "").length);
    expect(xs.reduce((sum, n) => sum + n, 0)).toBe(LONG);
  });

  test("a flood is kept from hurting: its losses are counted in the log, and the app goes on", async () => {
    await app.page("/flood");
    await app.logSays(
      /heroku\[web\.1\]: Error L12 \(Local buffer overflow\): \d+ messages dropped since /,
      30_000,
    );
    expect(await app.page("/line?after%20the%20flood")).toMatchObject({ status: 200 });
    await app.logSays(/app\[web\.1\]: after the flood$/);
    await waitUntil("the end of the flood", async () => (await app.page()).status === 200);
  });
});
