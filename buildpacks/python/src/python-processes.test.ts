import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolder, writeFiles } from "../../shared/buildpack-fixtures.ts";
import type { DjangoEntry } from "./django-project.ts";
import { readStartFacts, type WebCommand, webCommand } from "./python-processes.ts";

interface Facts {
  readonly packages: string;
  readonly modules?: Readonly<Record<string, string>>;
  readonly django?: DjangoEntry;
}

const command = ({ packages, modules = {}, django }: Facts): WebCommand =>
  webCommand({ packages: new Set(packages.split(" ")), modules: new Map(Object.entries(modules)), django });

const BIND = '--bind "0.0.0.0:$PORT"';
const HOST = '--host 0.0.0.0 --port "$PORT"';
const FLASK = "from flask import Flask\n\napp = Flask(__name__)\n";
const FASTAPI = "from fastapi import FastAPI\n\napi: FastAPI = FastAPI(title='x')\n";

describe("Django", () => {
  const both: DjangoEntry = {
    wsgi: "shop.wsgi:application",
    asgi: "shop.asgi:application",
    prefersAsgi: false,
  };
  it.each<[string, DjangoEntry, string]>([
    ["django gunicorn uvicorn", both, `gunicorn shop.wsgi:application ${BIND}`],
    ["django uvicorn", both, `uvicorn shop.asgi:application ${HOST}`],
    ["django hypercorn", both, `hypercorn shop.asgi:application ${BIND}`],
    ["django daphne", both, 'daphne -b 0.0.0.0 -p "$PORT" shop.asgi:application'],
    ["django waitress", both, 'waitress-serve --listen="0.0.0.0:$PORT" shop.wsgi:application'],
    ["django gunicorn uvicorn", { ...both, prefersAsgi: true }, `uvicorn shop.asgi:application ${HOST}`],
    ["django gunicorn", { ...both, prefersAsgi: true }, `gunicorn shop.wsgi:application ${BIND}`],
  ])("with %s", (packages, django, line) => {
    expect(command({ packages, django })).toEqual({ kind: "command", line, why: "a Django app" });
  });

  it("without a server is told to add one", () => {
    expect(command({ packages: "django", django: both })).toMatchObject({
      kind: "none",
      missing: expect.stringContaining("Add gunicorn"),
      example: `web: gunicorn shop.wsgi:application ${BIND}`,
    });
  });

  it("without an interface is told what is missing", () => {
    expect(command({ packages: "django gunicorn", django: { prefersAsgi: false } })).toMatchObject({
      kind: "none",
      missing: expect.stringContaining("no wsgi.py"),
    });
  });
});

describe("Flask", () => {
  it.each<[string, Readonly<Record<string, string>>, string]>([
    ["flask gunicorn", { app: FLASK }, `gunicorn app:app ${BIND}`],
    ["flask gunicorn", { wsgi: "from shop import app\n", app: "" }, `gunicorn wsgi:app ${BIND}`],
    ["flask gunicorn", { wsgi: "application = create_app()\n" }, `gunicorn wsgi:application ${BIND}`],
    ["flask gunicorn", { main: "import flask\nserver = flask.Flask('x')\n" }, `gunicorn main:server ${BIND}`],
    ["flask gunicorn", { app: "def create_app(config=None):\n" }, `gunicorn "app:create_app()" ${BIND}`],
    ["flask waitress", { app: FLASK }, 'waitress-serve --listen="0.0.0.0:$PORT" app:app'],
    [
      "flask waitress",
      { app: "def make_app():" },
      'waitress-serve --listen="0.0.0.0:$PORT" --call app:make_app',
    ],
    ["flask", { app: FLASK }, `flask --app app:app run ${HOST}`],
    ["flask", { app: "def create_app():" }, `flask --app "app:create_app()" run ${HOST}`],
  ])("with %s and %j", (packages, modules, line) => {
    expect(command({ packages, modules })).toMatchObject({ kind: "command", line });
  });

  it("run by its own server is told that this is for development", () => {
    const found = command({ packages: "flask", modules: { app: FLASK } });
    expect(found).toMatchObject({ why: expect.stringContaining("add gunicorn") });
  });

  it.each<Readonly<Record<string, string>>>([
    {},
    { app: "    app = Flask(__name__)\n" },
    { app: "# app = Flask(__name__)\n" },
    { app: "apple = 3\n" },
  ])("is not found in %j", (modules) => {
    expect(command({ packages: "flask gunicorn", modules })).toMatchObject({ kind: "none" });
  });
});

describe("FastAPI", () => {
  it.each<[string, Readonly<Record<string, string>>, string]>([
    ["fastapi fastapi-cli uvicorn", { main: FASTAPI }, `fastapi run main.py --app api ${HOST}`],
    ["fastapi fastapi-cli uvicorn", { "app.main": FASTAPI }, `fastapi run app/main.py --app api ${HOST}`],
    ["fastapi uvicorn", { main: FASTAPI }, `uvicorn main:api ${HOST}`],
    ["fastapi uvicorn", { "app.main": FASTAPI }, `uvicorn app.main:api ${HOST}`],
    ["fastapi hypercorn", { main: FASTAPI }, `hypercorn main:api ${BIND}`],
    ["fastapi flask uvicorn gunicorn", { app: FLASK, main: FASTAPI }, `uvicorn main:api ${HOST}`],
  ])("with %s and %j", (packages, modules, line) => {
    expect(command({ packages, modules })).toMatchObject({ kind: "command", line });
  });

  it("without a server is told to add one", () => {
    expect(command({ packages: "fastapi", modules: { main: FASTAPI } })).toMatchObject({
      kind: "none",
      example: `web: uvicorn main:api ${HOST}`,
    });
  });
});

describe("an app of another kind", () => {
  it.each([
    ["", `web: gunicorn app:app ${BIND}`],
    ["uvicorn", `web: uvicorn app:app ${HOST}`],
  ])("with %j gets an example of a Procfile", (packages, example) => {
    expect(command({ packages })).toEqual({
      kind: "none",
      missing: "The app says nowhere how it starts.",
      example,
    });
  });
});

describe("what is looked at", () => {
  let folder: Awaited<ReturnType<typeof makeFolder>>;
  beforeEach(async () => {
    folder = await makeFolder();
  });
  afterEach(() => folder.remove());

  it("are files at the top and in app/, in a fixed order", async () => {
    const files = {
      "main.py": "m",
      "wsgi.py": "w",
      "app/__init__.py": "a",
      "app/main.py": "am",
      "lib/app.py": "",
    };
    await writeFiles(folder.at, files);
    const { modules } = await readStartFacts(folder.at, new Set(["main.py", "wsgi.py", "app"]), new Set());
    expect([...modules]).toEqual([
      ["wsgi", "w"],
      ["main", "m"],
      ["app", "a"],
      ["app.main", "am"],
    ]);
  });

  it("are no files of a size that nobody writes", async () => {
    await writeFiles(folder.at, { "app.py": `${" ".repeat(600_000)}` });
    expect((await readStartFacts(folder.at, new Set(["app.py"]), new Set())).modules.size).toBe(0);
  });
});
