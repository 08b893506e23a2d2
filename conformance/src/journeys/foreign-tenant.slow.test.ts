import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callApi } from "../api-call.ts";
import { HELLO_APP } from "../app-folder.ts";
import { type Journey, type JourneyApp, setOut } from "../journey.ts";
import { makeAccount } from "../make-account.ts";
import { type Person, sitDown } from "../stock-client.ts";

/** Somebody with an account of their own, at the app of somebody else: to them it is not there. */

let journey: Journey;
let app: JourneyApp;
let stranger: Person;
let token: string;

const EMAIL = "stranger@example.com";

beforeAll(async () => {
  journey = await setOut();
  app = await journey.deployApp("private-app", HELLO_APP);
  await app.printed("config:set", "SECRET=not for strangers");
  const password = await makeAccount(journey.person, EMAIL);
  stranger = await sitDown(journey.platform, { logIn: false });
  const terminal = stranger.terminal(["login", "-i"]);
  await terminal.sees(/Email/);
  terminal.types(`${EMAIL}\r`);
  await terminal.sees(/Password/);
  terminal.types(`${password}\r`);
  await terminal.sees(/Logged in as/);
  await terminal.ended;
  token = (await stranger.heroku(["auth:token"])).stdout.trim();
});

afterAll(async () => {
  stranger?.leave();
  await journey?.end();
});

const ALONE = ["two", "words"];

describe("the client", () => {
  test("the stranger is somebody, and has no apps", async () => {
    expect((await stranger.heroku(["auth:whoami"])).stdout).toBe(`${EMAIL}\n`);
    const listed = await stranger.heroku(["apps"]);
    expect(listed.code).toBe(0);
    expect(listed.all).not.toContain("private-app");
  });

  const commands: readonly (readonly string[])[] = [
    ["access"],
    ["access:add", "third@example.com"],
    ["access:remove", "admin@conifer.localhost"],
    ["apps:destroy", "--confirm", "private-app"],
    ["apps:info"],
    ["apps:leave"],
    ["apps:rename", "taken-over"],
    ["config"],
    ["config:get", "SECRET"],
    ["config:set", "SECRET=mine"],
    ["config:unset", "SECRET"],
    ["domains"],
    ["features"],
    ["features:disable", "preboot"],
    ["logs"],
    ["logs", "--tail"],
    ["maintenance"],
    ["maintenance:on"],
    ["ps"],
    ["ps:restart"],
    ["ps:scale", "web=0"],
    ["ps:stop", "web.1"],
    ["ps:type", "web=Standard-2X"],
    ["releases"],
    ["releases:info", "v2"],
    ["releases:output", "v2"],
    ["releases:rollback", "v1"],
    ["run", "--no-tty", "--", ...ALONE],
    ["run:detached", "--", ...ALONE],
  ];

  test.each(commands.map((command) => [command.join(" "), command] as const))(
    "%s cannot find the app",
    async (_shown, [name = "", ...rest]) => {
      const result = await stranger.heroku([name, "-a", "private-app", ...rest]);
      expect(result.code, result.all).not.toBe(0);
      expect(result.all.replaceAll(/\s+›\s+|\s+/g, " ")).toMatch(/Couldn't find that app\./);
      expect(result.all).not.toContain("not for strangers");
    },
  );
});

describe("git and the API", () => {
  test("clone, fetch and push find nothing", async () => {
    const url = `https://any:${token}@localhost:${journey.platform.apiPort}/private-app.git`;
    for (const args of [
      ["clone", url, "stolen"],
      ["ls-remote", url],
    ])
      expect((await stranger.git(args)).stderr).toMatch(/not found|Couldn't find/i);
    const pushed = await stranger.git(["push", url, "HEAD:main"], { cwd: app.folder });
    expect(pushed.code).not.toBe(0);
    expect(pushed.stderr).toMatch(/not found|Couldn't find/i);
  });

  test("by name and by id, the answer is that of an app which does not exist", async () => {
    const { body: owned } = await journey.api("GET", "/apps/private-app");
    const call = (path: string) => callApi({ platform: journey.platform, token }, "GET", path);
    const missing = await call("/apps/never-was-there/releases");
    for (const identity of ["private-app", owned.id]) {
      const answer = await call(`/apps/${identity}/releases`);
      expect([answer.status, answer.body]).toEqual([404, missing.body]);
    }
  });

  test("the name is taken for them too, and nothing has changed for the owner", async () => {
    const made = await stranger.heroku(["create", "private-app"]);
    expect(made.all).toMatch(/taken/i);
    expect(await app.page()).toMatchObject({ status: 200 });
    expect(await app.printed("config:get", "SECRET")).toBe("not for strangers\n");
    expect(await app.printed("releases")).toContain("Current: v3");
  });

  test("as a collaborator they may work on it, until they are removed", async () => {
    await app.printed("access:add", EMAIL);
    expect((await stranger.heroku(["config:set", "-a", "private-app", "BY=stranger"])).code).toBe(0);
    expect(await app.printed("releases")).toMatch(/v4 .*Set BY config vars.*stranger@example\.com/);
    expect((await stranger.heroku(["access:add", "-a", "private-app", "third@example.com"])).code).not.toBe(
      0,
    );
    expect(
      (await stranger.heroku(["apps:destroy", "-a", "private-app", "--confirm", "private-app"])).code,
    ).not.toBe(0);
    await app.printed("access:remove", EMAIL);
    expect((await stranger.heroku(["ps", "-a", "private-app"])).all).toMatch(/Couldn't find that app/);
  });
});
