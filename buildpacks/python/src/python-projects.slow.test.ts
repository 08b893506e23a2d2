import { mkdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  type AppBuilds,
  type Files,
  makeAppBuilds,
  makeFolder,
  runProgram,
} from "../../shared/buildpack-fixtures.ts";
import { bundleBuildpacks } from "../../shared/bundle-buildpacks.ts";
import {
  DJANGO_PROJECT,
  PIPENV_PROJECT,
  POETRY_PROJECT,
  startWeb,
  UV_PROJECT,
  type WebProcess,
} from "./python-fixtures.ts";

// Real tools from the package index, on this machine's Python.

/** Nothing can be fetched in such a build. */
const NOWHERE = {
  PIP_INDEX_URL: "http://127.0.0.1:9/",
  PIP_FIND_LINKS: "",
  HTTPS_PROXY: "http://127.0.0.1:9",
  https_proxy: "http://127.0.0.1:9",
};

let folder: Awaited<ReturnType<typeof makeFolder>>;
let buildpack: string;
let count = 0;
let web: WebProcess | undefined;
beforeAll(async () => {
  folder = await makeFolder();
  const { buildpacks } = await bundleBuildpacks(path.join(folder.at, "packs"));
  buildpack = buildpacks.find(({ id }) => id === "conifer/python")?.dir ?? "";
});
afterEach(async () => {
  await web?.stop();
  web = undefined;
});
afterAll(() => folder.remove());

const appOf = (source: Files, root = path.join(folder.at, `app-${++count}`)) =>
  makeAppBuilds(root, { buildpack, source });

async function python(app: AppBuilds, line: string): Promise<string> {
  const program = path.join(app.layers, "packages", "bin", "python");
  const { output } = await runProgram(program, ["-c", line], { cwd: app.app, env: {} });
  return output.trim();
}

const INSTALLED = "import importlib.metadata as m; print(sorted(d.name for d in m.distributions()))";

describe.each([
  ["uv", UV_PROJECT, "uv sync --frozen --no-dev", "uv.lock"],
  ["Poetry", POETRY_PROJECT, "poetry install --only main", "poetry.lock"],
  ["Pipenv", PIPENV_PROJECT, "pipenv install --deploy", "Pipfile.lock"],
])("a project of %s", (_name, source, command, lockFile) => {
  let app: AppBuilds;
  let first: string;

  it("is installed from its lock file, without what is for development", async () => {
    app = await appOf({ ...source, "main.py": "print('one')\n" });
    expect(await app.detect()).toMatchObject({ code: 0 });
    const { code, output } = await app.build();
    expect(output).toContain(`-----> Installing packages (${command})`);
    expect(code).toBe(0);
    expect(await python(app, INSTALLED)).toBe("['itsdangerous']");
    first = await app.digest("packages");
  });

  it("is built again with nothing fetched when a line has changed", async () => {
    await app.change({ "main.py": "print('two')\n" });
    const { code, output } = await app.build(NOWHERE);
    expect(output).toContain("Using the packages of the last build");
    expect(output).not.toContain("Installing");
    expect(code).toBe(0);
  });

  it("gives the same layer when built from nothing", async () => {
    await rename(app.layers, `${app.layers}.before`);
    await mkdir(app.layers);
    expect(await app.build()).toMatchObject({ code: 0 });
    expect(await app.digest("packages")).toBe(first);
    await rm(`${app.layers}.before`, { recursive: true });
  });

  it("with a lock file that cannot be read ends with what to do", async () => {
    await app.change({ [lockFile]: "not a lock file" });
    const { code, output } = await app.build();
    expect([code, output.includes("renew and commit it")]).toEqual([1, true]);
  });
});

it("a package of uv is linked, so that its code is the app's own", async () => {
  const linked = {
    ...UV_PROJECT,
    "pyproject.toml": `${UV_PROJECT["pyproject.toml"]}\n[build-system]\nrequires = ["uv_build>=0.13,<0.14"]\nbuild-backend = "uv_build"\n`,
    "uv.lock": (UV_PROJECT["uv.lock"] ?? "").replace('{ virtual = "." }', '{ editable = "." }'),
    "src/uv_app/__init__.py": "VALUE = 1\n",
  };
  const app = await appOf(linked);
  expect(await app.build()).toMatchObject({ code: 0 });
  expect(await python(app, "import uv_app; print(uv_app.VALUE, uv_app.__file__)")).toBe(
    `1 ${path.join(app.app, "src/uv_app/__init__.py")}`,
  );
  await app.change({ "src/uv_app/__init__.py": "VALUE = 2\n" });
  expect((await app.build(NOWHERE)).output).toContain("Using the packages of the last build");
});

describe("an app without a lock file", () => {
  it("is installed itself, with a warning", async () => {
    const app = await appOf({
      "pyproject.toml":
        '[project]\nname = "plain"\nversion = "1"\ndescription = "x"\ndependencies = ["itsdangerous==2.2.0"]\n[build-system]\nrequires = ["flit_core==3.12.0"]\nbuild-backend = "flit_core.buildapi"\n',
      "plain.py": "",
    });
    const { code, output } = await app.build();
    expect(output).toContain(" !     There is no lock file");
    expect(code).toBe(0);
    expect(await python(app, INSTALLED)).toBe("['itsdangerous', 'plain']");
  });

  it("and with files of two package managers is refused", async () => {
    const { code, output } = await (await appOf({ ...UV_PROJECT, "requirements.txt": "" })).build();
    expect([code, output.includes("keep uv.lock and delete: git rm requirements.txt")]).toEqual([1, true]);
  });
});

describe("Django", () => {
  it("collects static files and answers by gunicorn, cold and warm", async () => {
    const app = await appOf(DJANGO_PROJECT);
    const cold = await app.build({ SECRET_KEY: "x" });
    expect(cold.output).toContain("1 static file copied to");
    expect(cold.output).toContain("Default web process: gunicorn shop.wsgi:application");
    expect(cold.code).toBe(0);
    await app.change({ "assets/style.css": "body { color: red }\n" });
    const warm = await app.build({ SECRET_KEY: "x", ...NOWHERE });
    expect(warm.output).toContain("Using the packages of the last build");
    expect(warm.output).toContain("1 static file copied to");
    web = await startWeb(app, { SECRET_KEY: "x" });
    expect(await web.answer()).toBe("Hello from Django");
  });

  it("whose settings need a config var that is not set is told", async () => {
    const { code, output } = await (await appOf(DJANGO_PROJECT)).build();
    expect(code).toBe(1);
    expect(output).toContain(" !     Django's settings cannot be read in the build.");
    expect(output).toContain("KeyError: 'SECRET_KEY'");
    expect(output).toContain("heroku config:set DISABLE_COLLECTSTATIC=1");
  });
});

describe("default processes", () => {
  const FLASK =
    'from flask import Flask\n\napp = Flask(__name__)\n\n\n@app.get("/")\ndef hello():\n    return "Flask"\n';
  const FASTAPI =
    'from fastapi import FastAPI\n\napi = FastAPI()\n\n\n@api.get("/")\ndef hello():\n    return "FastAPI"\n';

  it.each<[string, Files, string, string]>([
    [
      "Flask by gunicorn",
      { "requirements.txt": "flask==3.1.2\ngunicorn==23.0.0\n", "app.py": FLASK },
      "gunicorn app:app",
      "Flask",
    ],
    [
      "Flask by itself",
      { "requirements.txt": "flask==3.1.2\n", "wsgi.py": FLASK },
      "flask --app wsgi:app run",
      "Flask",
    ],
    [
      "FastAPI by uvicorn",
      { "requirements.txt": "fastapi==0.115.6\nuvicorn==0.34.0\n", "main.py": FASTAPI },
      "uvicorn main:api",
      '"FastAPI"',
    ],
    [
      "FastAPI by its own command",
      { "requirements.txt": "fastapi==0.115.6\nfastapi-cli==0.0.7\n", "main.py": FASTAPI },
      "fastapi run main.py --app api",
      '"FastAPI"',
    ],
  ])("%s", async (_name, source, line, answer) => {
    const app = await appOf(source);
    const { code, output } = await app.build();
    expect(output).toContain(`Default web process: ${line}`);
    expect(code).toBe(0);
    web = await startWeb(app);
    expect(await web.answer()).toBe(answer);
  });

  it("come after the hooks of the app, which see its packages", async () => {
    const app = await appOf({
      "bin/pre_compile": "echo itsdangerous==2.2.0 > requirements.txt\n",
      "bin/post_compile": 'python -c "import itsdangerous; print(itsdangerous.__name__, 1 + 1)"\n',
      "requirements.txt": "",
    });
    const { code, output } = await app.build();
    expect(output).toMatch(
      /Running bin\/pre_compile\n[\s\S]*Running bin\/post_compile\n {7}itsdangerous 2\n/,
    );
    expect(code).toBe(0);
    expect((await app.build(NOWHERE)).output).toContain("itsdangerous 2\n");
  });
});
