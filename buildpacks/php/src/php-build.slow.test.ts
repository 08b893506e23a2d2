import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AppBuilds, makeAppBuilds, makeFolder } from "../../shared/buildpack-fixtures.ts";
import { bundleBuildpacks } from "../../shared/bundle-buildpacks.ts";
import { launchVariables, startDyno, whyNoPackages } from "../../shared/debian-fixtures.ts";

// The example of PHP: Composer, an extension, and nginx by the start script of its Procfile.

const why = await whyNoPackages();
const ENV = { CONIFER_RUNTIME_SOURCES: "debian" };
const EXAMPLE = path.resolve(import.meta.dirname, "../../../examples/php-site");

describe.skipIf(why)(`a PHP app${why ? ` (${why})` : ""}`, () => {
  let folder: Awaited<ReturnType<typeof makeFolder>>;
  let app: AppBuilds;
  let first: string;
  beforeAll(async () => {
    folder = await makeFolder();
    const { buildpacks } = await bundleBuildpacks(path.join(folder.at, "packs"));
    const buildpack = buildpacks.find(({ id }) => id === "conifer/php")?.dir ?? "";
    app = await makeAppBuilds(path.join(folder.at, "app"), { buildpack, source: EXAMPLE });
    await app.change({
      Procfile: "web: heroku-php-nginx public/\napache: vendor/bin/heroku-php-apache2 public/\n",
    });
    const { code, output } = await app.build(ENV);
    expect({ code, output }).toMatchObject({ code: 0 });
    first = output;
  });
  afterAll(() => folder?.remove());

  async function serve(line: string, more: Readonly<Record<string, string>> = {}) {
    const dyno = await startDyno(app, line, { ...(await launchVariables(app, ["php"])), ...more });
    try {
      await expect
        .poll(dyno.output, { timeout: 20_000, interval: 20 })
        .toMatch(/serve \S+ on port|There is no|Not supp/);
      return dyno;
    } catch (thrown) {
      dyno.kill();
      throw thrown;
    }
  }

  it("is told which PHP, which server, and what was installed", () => {
    expect(first).toContain("Version asked for: >=8.1 (composer.json)");
    expect(first).toMatch(/Using PHP 8\.\d+\.\d+, apache2 and nginx, packages of \w+ \w+/);
    expect(first).toContain("Installing example/greeting (1.0.0)");
  });

  it("serves its pages and its files by nginx, and nothing that is hidden", async () => {
    const dyno = await serve("heroku-php-nginx public/", {
      WEB_CONCURRENCY: "3",
      HEROKU_RELEASE_VERSION: "v7",
    });
    try {
      await expect
        .poll(() => dyno.get("/").catch(() => undefined), { timeout: 10_000 })
        .toMatchObject({
          ...{ status: 200, body: "Hello from PHP, release v7\n" },
        });
      expect(await dyno.get("/loud")).toMatchObject({ status: 200, body: "HELLO FROM PHP\n" });
      expect(await dyno.get("/workers?a=b")).toMatchObject({ status: 200, body: "3\n" });
      expect(await dyno.get("/style.css")).toMatchObject({ status: 200, type: "text/css" });
      expect(await dyno.get("/nothing")).toMatchObject({
        status: 404,
        body: "There is nothing at /nothing\n",
      });
      expect((await dyno.get("/none.php")).body).not.toContain("There is nothing at");
      expect((await dyno.get("/.env")).status).toBe(404);
      expect((await dyno.get("/../composer.json")).status).toBe(404);
      expect(dyno.output()).toContain("nginx and PHP-FPM with at most 3 workers serve");
      expect(await dyno.stop()).toBe(0);
    } finally {
      dyno.kill();
    }
  });

  it.each([
    ["heroku-php-nginx web/", "There is no folder web/"],
    ["heroku-php-nginx -C none.conf public/", "There is no none.conf."],
    ["heroku-php-nginx -x public/", "Not supported: -x"],
  ])("%s is refused", async (line, words) => {
    const dyno = await serve(line);
    expect(dyno.output()).toContain(words);
  });

  it("is served by Apache as well", async () => {
    const dyno = await serve("vendor/bin/heroku-php-apache2 public/");
    try {
      await expect
        .poll(async () => (await dyno.get("/loud").catch(() => undefined))?.body, { timeout: 10_000 })
        .toBe("HELLO FROM PHP\n");
      expect(await dyno.get("/style.css")).toMatchObject({ status: 200, type: "text/css" });
      expect((await dyno.get("/.env")).status).toBe(403);
      expect(await dyno.stop()).toBe(0);
    } finally {
      dyno.kill();
    }
  });

  it("keeps PHP from build to build", async () => {
    const before = await app.digest("php");
    expect((await app.build(ENV)).output).toMatch(/Using PHP \S+, apache2 and nginx, as at the last build/);
    expect(await app.digest("php")).toBe(before);
  });
});
