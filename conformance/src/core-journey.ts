import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HELLO_APP, makeAppFolder } from "./app-folder.ts";
import { type JourneyApp, joinJourney, openApp } from "./journey.ts";
import { makeAccount } from "./make-account.ts";
import { takeOwnAccess } from "./own-access.ts";
import { type RunningPlatform, type StartOptions, startPlatform } from "./running-platform.ts";
import { type Person, sitDown } from "./stock-client.ts";
import { waitUntil } from "./wait-until.ts";

let platform: RunningPlatform;
let person: Person;
let app: JourneyApp;

export interface CoreJourney {
  /** Gives the machine. Default: this one. */
  readonly prepare?: () => Promise<StartOptions>;
  /** Called when the platform has ended. */
  readonly leave?: () => Promise<void>;
  /** Whether all of the first hour is tried, and not only its core. */
  readonly whole?: boolean;
}

/**
 * What a newcomer does in the first hour, in order, as tests of a suite that is open: each goes on where the one before it
 * ended. The core: log in, push, scale, change config vars, roll back, rename, destroy, log out.
 */
export function coreJourney({ prepare, leave, whole }: CoreJourney = {}): void {
  beforeAll(async () => {
    platform = await takeOwnAccess(await startPlatform(await prepare?.()));
    person = await sitDown(platform, { logIn: false });
    const folder = await makeAppFolder(person, "first-app", HELLO_APP);
    app = openApp(platform, person, { name: "first-app", folder });
  });

  afterAll(async () => {
    try {
      if (person) await joinJourney(platform, person).end();
    } finally {
      await leave?.();
    }
  });

  if (whole) tryWrongLogins();
  tryLogin();
  tryFirstPush();
  tryScaling();
  if (whole) tryOtherScaling();
  tryConfigVars();
  tryReleases();
  if (whole) for (const more of [trySwitches, tryPeople]) more();
  tryEnd();
}

function tryWrongLogins(): void {
  describe("logging in, and how not to", () => {
    test("plain `heroku login` ends and names `heroku login -i`", async () => {
      const terminal = person.terminal(["login"]);
      await terminal.sees(/Press any key/);
      terminal.types("\r");
      expect(await terminal.ended).not.toBe(0);
      expect(terminal.output()).toContain("heroku login -i");
    });

    test("`heroku login -i` asks for e-mail and password, and refuses a wrong one", async () => {
      const terminal = person.terminal(["login", "-i"]);
      await terminal.sees(/Email/);
      terminal.types(`${platform.access.email}\r`);
      await terminal.sees(/Password/);
      terminal.types("not the password\r");
      expect(await terminal.ended).not.toBe(0);
      expect(terminal.output()).toMatch(/Invalid credentials|email and password/i);
    });
  });
}

function tryLogin(): void {
  describe("logging in as the first account", () => {
    test("`heroku login -i` logs in", async () => {
      const terminal = person.terminal(["login", "-i"]);
      await terminal.sees(/Email/);
      terminal.types(`${platform.access.email}\r`);
      await terminal.sees(/Password/);
      terminal.types(`${platform.access.password}\r`);
      await terminal.sees(/Logged in as/);
      expect(await terminal.ended).toBe(0);
      expect(await app.printed("auth:whoami")).toContain(platform.access.email);
    });
  });
}

function tryFirstPush(): void {
  describe("the first push", () => {
    test("create adds the remote and tells the address", async () => {
      const said = await app.heroku("create", "first-app");
      expect(said.all).toContain(`http://first-app.localhost:${platform.routerPort}/`);
      const remotes = await app.git("remote", "-v");
      expect(remotes.stdout).toContain(`https://localhost:${platform.apiPort}/first-app.git (push)`);
    });

    test("push builds, releases and serves: the address answers at once", async () => {
      const pushed = await app.push();
      expect(pushed.stderr).toMatch(/remote: +Released v2/);
      expect(pushed.stderr).toContain("Verifying deploy... done.");
      expect(await app.page()).toMatchObject({ status: 200, body: "hello nobody from web.1\n" });
      const listed = await app.printed("ps");
      expect(listed).toContain("=== web (Standard-1X): node server.js (1)");
      expect(listed).toMatch(/^web\.1: up /m);
    });

    test("`open` knows the address, `apps:info` and `apps` show it", async () => {
      const info = await app.printed("apps:info");
      expect(info).toContain(`Web URL:        http://first-app.localhost:${platform.routerPort}/`);
      expect(info).toContain("Dynos:          web: 1");
      expect(info).toMatch(/Stack: +cnb/);
      expect(info).toContain(`Owner:          ${platform.access.email}`);
      expect(await app.printed("apps")).toContain("first-app");
    });
  });
}

function tryScaling(): void {
  describe("scaling", () => {
    test("by number, and by more and less", async () => {
      expect((await app.heroku("ps:scale", "web=2", "worker=1")).all).toContain(
        "now running web at 2:Standard-1X, worker at 1:Standard-1X",
      );
      expect((await app.heroku("ps:scale", "web+1")).all).toContain("web at 3:Standard-1X");
      expect((await app.heroku("ps:scale", "web-2")).all).toContain("web at 1:Standard-1X");
      expect(await app.printed("ps:scale")).toContain("web=1:Standard-1X worker=1:Standard-1X");
    });
  });
}

function tryOtherScaling(): void {
  describe("sizes and restarts", () => {
    test("with a size", async () => {
      expect((await app.heroku("ps:scale", "web=2:Standard-2X")).all).toContain("web at 2:Standard-2X");
      await app.printed("ps:wait");
      expect(await app.printed("ps")).toContain("=== web (Standard-2X): node server.js (2)");
      await app.printed("ps:type", "web=Standard-1X");
    });

    test("one, a type, all are restarted; one is stopped and comes back", async () => {
      await app.printed("ps:restart", "web.1");
      await app.printed("ps:restart", "-p", "worker");
      await app.printed("ps:restart");
      await app.printed("ps:stop", "worker.1");
      await app.printed("ps:wait");
      expect(await app.page()).toMatchObject({ status: 200 });
    });
  });
}

function tryConfigVars(): void {
  describe("config vars", () => {
    test("set makes a release and reaches the app; unset takes it back", async () => {
      expect((await app.heroku("config:set", "GREETING=neighbor", "OTHER=two words")).all).toMatch(
        /done, v3/,
      );
      await app.pageSays("hello neighbor");
      expect(await app.printed("config:get", "OTHER")).toBe("two words\n");
      const all = JSON.parse(await app.printed("config", "--json"));
      expect(all).toEqual({ GREETING: "neighbor", OTHER: "two words" });
      expect((await app.heroku("config:unset", "GREETING")).all).toMatch(/done, v4/);
      await app.pageSays("hello nobody");
    });
  });
}

function tryReleases(): void {
  describe("releases", () => {
    test("are listed with who and why, and shown one by one", async () => {
      const listed = await app.printed("releases");
      expect(listed).toContain("Current: v4");
      for (const [version, why] of [
        ["v4", "Remove GREETING config vars"],
        ["v3", "Set GREETING, OTHER config vars"],
        ["v2", "Deploy"],
        ["v1", "Initial release"],
      ] as const)
        expect(listed).toMatch(new RegExp(`${version} +${why}.* ${platform.access.email} `));
      const info = await app.printed("releases:info", "v3");
      expect(info).toContain("GREETING: neighbor");
    });

    test("rollback without an argument goes to the one before", async () => {
      expect((await app.heroku("releases:rollback")).all).toMatch(/Rolling back first-app to v3.*done, v5/s);
      await app.pageSays("hello neighbor");
    });

    test("rollback to a version; the next deploy is from there", async () => {
      expect((await app.heroku("rollback", "v2")).all).toMatch(/to v2.*done, v6/s);
      await app.pageSays("hello nobody");
      expect(await app.printed("config", "--json")).toBe("{}\n");
      await app.commit({ "server.js": "broken(" }, "Second");
      await app.git("revert", "--no-edit", "HEAD");
      expect((await app.push()).stderr).toMatch(/Released v7/);
    });

    test("an unknown version is refused", async () => {
      expect(await app.heroku("rollback", "v99")).toMatchObject({ code: 2 });
    });
  });
}

function trySwitches(): void {
  describe("maintenance and features", () => {
    test("maintenance shows its page, and the app again afterwards", async () => {
      await app.printed("maintenance:on");
      expect(await app.page()).toMatchObject({ status: 503 });
      expect(await app.printed("maintenance")).toBe("on\n");
      await app.printed("maintenance:off");
      expect(await app.page()).toMatchObject({ status: 200 });
    });

    test("features are listed, shown, switched", async () => {
      expect(await app.printed("features")).toContain("preboot");
      await app.printed("features:disable", "preboot");
      expect(await app.printed("features:info", "preboot")).toMatch(/Enabled: +false/);
      await app.printed("features:enable", "preboot");
    });

    test("a pipeline is made, shown, renamed, and left", async () => {
      const name = `line-${app.name}`.slice(0, 25);
      await app.printed("pipelines:create", name, "-s", "staging", "-a", app.name);
      expect(await app.printed("pipelines")).toContain(name);
      expect(await app.printed("pipelines:info", name)).toMatch(new RegExp(`${app.name} +staging`));
      await app.printed("pipelines:update", "-s", "production", "-a", app.name);
      await app.printed("pipelines:rename", name, `${name}-new`);
      expect(await app.printed("pipelines:info", `${name}-new`)).toMatch(
        new RegExp(`${app.name} +production`),
      );
      await app.printed("pipelines:remove", "-a", app.name);
      await app.printed("pipelines:add", `${name}-new`, "-s", "development", "-a", app.name);
      await app.printed("pipelines:destroy", `${name}-new`);
      expect(await app.printed("pipelines")).not.toContain(name);
    });
  });
}

function tryPeople(): void {
  describe("people and tokens", () => {
    test("access is given and taken", async () => {
      expect((await app.heroku("access:add", "nobody@example.com")).code).not.toBe(0);
      await makeAccount(person, "second@example.com");
      await app.printed("access:add", "second@example.com");
      expect(await app.printed("access")).toContain("second@example.com");
      await app.printed("access:remove", "second@example.com");
      expect(await app.printed("access")).not.toContain("second@example.com");
    });

    test("authorizations are made, used, rotated and revoked", async () => {
      const made = JSON.parse(await app.printed("authorizations:create", "-d", "for a script", "--json"));
      const token = made.access_token.token as string;
      const whoami = () => person.heroku(["auth:whoami"], { env: { HEROKU_API_KEY: token } });
      expect((await whoami()).stdout).toContain(platform.access.email);
      expect(await app.printed("authorizations")).toContain("for a script");
      await app.printed("authorizations:info", made.id);
      await app.printed("authorizations:rotate", made.id);
      expect((await whoami()).code).not.toBe(0);
      await app.printed("authorizations:revoke", made.id);
      expect(await app.printed("authorizations")).not.toContain("for a script");
    });
  });
}

function tryEnd(): void {
  describe("the end", () => {
    test("a renamed app answers at its new address and takes pushes there", async () => {
      await app.printed("apps:rename", "renamed-app");
      const renamed = openApp(platform, person, { name: "renamed-app", folder: app.folder });
      await renamed.pageSays("hello nobody");
      expect(await app.page()).toMatchObject({ status: 404 });
      await renamed.commit({ "note.txt": "third\n" });
      expect((await renamed.push()).stderr).toMatch(/Released v8/);
      await renamed.printed("apps:rename", "first-app");
    });

    test("a destroyed app is gone, and its name is free again", async () => {
      await app.printed("apps:destroy", "--confirm", "first-app");
      await waitUntil("no such page", async () => (await app.page()).status === 404);
      expect((await person.heroku(["apps:info", "-a", "first-app"])).code).not.toBe(0);
      await person.heroku(["create", "first-app"]);
      await person.heroku(["apps:destroy", "-a", "first-app", "--confirm", "first-app"]);
    });

    test("logging out makes the token worthless", async () => {
      const token = (await app.printed("auth:token")).trim();
      await app.printed("auth:logout");
      expect((await person.heroku(["auth:whoami"], { env: { HEROKU_API_KEY: token } })).code).not.toBe(0);
    });
  });
}
