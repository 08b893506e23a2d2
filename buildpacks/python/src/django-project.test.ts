import { chmod } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Files, makeContext, makeFolder, writeFiles } from "../../shared/buildpack-fixtures.ts";
import { collectStatic, findDjangoEntry, readStaticSettings, settingsModule } from "./django-project.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());

const MANAGE = 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n';
const APPS = "INSTALLED_APPS = ['shop', 'django.contrib.staticfiles']";
const OWN =
  "STORAGES = {'default': {'BACKEND': 'x'}, 'staticfiles': {'BACKEND': 'django.contrib.staticfiles.storage.StaticFilesStorage'}}";
const BUCKET =
  "STORAGES = {'default': {'BACKEND': 'x'}, 'staticfiles': {'BACKEND': 'storages.backends.s3.S3Storage'}}";

describe("whether static files are collected", () => {
  it.each([
    [`${APPS}\nSTATIC_ROOT = '/workspace/staticfiles'`, "collect"],
    [`${APPS}\nSTATIC_ROOT = PosixPath('/workspace/static')  ###`, "collect"],
    [`### ${APPS}\nSTATIC_ROOT = '/x'`, "collect"],
    [`${APPS}\nSTATIC_ROOT = None\n${BUCKET}`, "collect"],
    [`${APPS}\nSTATIC_ROOT = None\nSTATICFILES_STORAGE = 'my.Storage'`, "collect"],
    [`${APPS}\n### STATIC_ROOT = None\n${OWN}`, "no STATIC_ROOT"],
    [`${APPS}\nSTATIC_ROOT = ''\n`, "no STATIC_ROOT"],
    [APPS, "no STATIC_ROOT"],
    ["INSTALLED_APPS = ['django.contrib.staticfiles.apps.StaticFilesConfig']\nSTATIC_ROOT = '/x'", "collect"],
    ["INSTALLED_APPS = ['shop']\nSTATIC_ROOT = '/x'", "staticfiles is not installed"],
    ["", "staticfiles is not installed"],
  ])("%j: %s", (settings, found) => {
    expect(readStaticSettings(settings)).toBe(found);
  });
});

it.each([
  [MANAGE, "shop.settings"],
  ["os.environ['DJANGO_SETTINGS_MODULE'] = 'shop.settings.prod'", "shop.settings.prod"],
  ["os.environ.setdefault('DJANGO_SETTINGS_MODULE', '../x')", undefined],
  ["", undefined],
])("the settings of %j are %s", (manage, module) => {
  expect(settingsModule(manage)).toBe(module);
});

describe("the interfaces of a Django app", () => {
  const entry = async (files: Files) => {
    await writeFiles(folder.at, files);
    return findDjangoEntry(folder.at, new Set(Object.keys(files).map((name) => name.split("/")[0] ?? "")));
  };

  it.each<[Files, unknown]>([
    [
      { "manage.py": MANAGE, "shop/wsgi.py": "", "shop/asgi.py": "" },
      { wsgi: "shop.wsgi:application", asgi: "shop.asgi:application", prefersAsgi: false },
    ],
    [
      { "manage.py": MANAGE, "shop/settings.py": 'WSGI_APPLICATION = "conf.web.app"\n', "shop/wsgi.py": "" },
      { wsgi: "conf.web:app", prefersAsgi: false },
    ],
    [
      {
        "manage.py": MANAGE,
        "shop/settings/base.py": "",
        "shop/settings/__init__.py": "ASGI_APPLICATION = 'shop.asgi.live'",
      },
      { asgi: "shop.asgi:live", prefersAsgi: true },
    ],
    [
      { "manage.py": "", "shop_wsgi.py": "" },
      { wsgi: "shop_wsgi:application", prefersAsgi: false },
    ],
    [{ "manage.py": MANAGE }, { wsgi: undefined, asgi: undefined, prefersAsgi: false }],
  ])("%j", async (files, expected) => {
    expect(await entry(files)).toMatchObject(expected as object);
  });

  it("are none without a manage.py", async () => {
    expect(await entry({ "shop/wsgi.py": "" })).toBeUndefined();
  });
});

describe("collecting", () => {
  /** A Python that writes down what it is asked, and answers as the script says. */
  async function collect(script: string, env: Readonly<Record<string, string>> = {}, names = ["django"]) {
    const dir = path.join(folder.at, "layers/packages");
    await writeFiles(folder.at, {
      "app/manage.py": MANAGE,
      "layers/packages/bin/python": `#!/bin/sh\n${script}\n`,
    });
    await chmod(path.join(dir, "bin/python"), 0o755);
    const { context, output } = await makeContext(folder.at, { env: { PATH: process.env.PATH, ...env } });
    const run = collectStatic(context, { dir, names: new Set(names) });
    const failure = await run.then(
      () => undefined,
      (thrown: Error & { advice: readonly string[] }) => thrown,
    );
    return { failure, output: output() };
  }
  const SETTINGS = `[ "$2" = diffsettings ] && echo "${APPS}" && echo "STATIC_ROOT = '/x'" && exit 0`;

  it("runs manage.py with the packages on PATH", async () => {
    const { failure, output } = await collect(`${SETTINGS}\necho "$@ $VIRTUAL_ENV"`);
    expect(failure).toBeUndefined();
    expect(output).toContain("-----> Collecting static files (manage.py collectstatic --noinput)");
    expect(output).toContain(
      `manage.py collectstatic --noinput ${path.join(folder.at, "layers/packages")}\n`,
    );
  });

  it.each([
    ["1", false],
    ["true", false],
    ["0", true],
    ["", true],
  ])("with DISABLE_COLLECTSTATIC=%j: %s", async (value, runs) => {
    const { output } = await collect(SETTINGS, { DISABLE_COLLECTSTATIC: value });
    expect(output.includes("Collecting static files")).toBe(runs);
  });

  it("is left out for what is no Django app", async () => {
    expect(await collect("exit 3", {}, ["flask"])).toEqual({ failure: undefined, output: "" });
  });

  it("says what to set where files have no place to go", async () => {
    const { output, failure } = await collect(`echo "${APPS}"`);
    expect(failure).toBeUndefined();
    expect(output).toContain("STATIC_ROOT is not set");
  });

  it.each([
    ["the settings cannot be read", "echo KeyError: SECRET_KEY >&2; exit 1", "KeyError: SECRET_KEY"],
    ["it fails", `${SETTINGS}\nexit 1`, "The static files could not be collected."],
  ])("ends the build with how to go on when %s", async (_name, script, message) => {
    const { failure } = await collect(script);
    expect(failure?.message).toContain(message);
    expect(failure?.advice.join("\n")).toContain("heroku config:set DISABLE_COLLECTSTATIC=1");
  });
});
