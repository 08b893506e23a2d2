import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type AppBuilds,
  type Files,
  makeAppBuilds,
  makeFolder,
  runProgram,
} from "../../shared/buildpack-fixtures.ts";
import { bundleBuildpacks } from "../../shared/bundle-buildpacks.ts";

// Real builds on this machine's Python, with what the registry has.

const FLASK = path.resolve(import.meta.dirname, "../../../examples/python-flask");
const NOWHERE = { PIP_INDEX_URL: "http://127.0.0.1:9/", PIP_RETRIES: "0", PIP_FIND_LINKS: "" };

let folder: Awaited<ReturnType<typeof makeFolder>>;
let buildpack: string;
let count = 0;
beforeAll(async () => {
  folder = await makeFolder();
  const { buildpacks } = await bundleBuildpacks(path.join(folder.at, "packs"));
  buildpack = buildpacks.find(({ id }) => id === "conifer/python")?.dir ?? "";
});
afterAll(() => folder.remove());

const appOf = (source: string | Files) =>
  makeAppBuilds(path.join(folder.at, `app-${++count}`), { buildpack, source });

async function python(app: AppBuilds, line: string): Promise<string> {
  const program = path.join(app.layers, "packages", "bin", "python");
  const { output } = await runProgram(program, ["-c", line], { cwd: app.app, env: {} });
  return output.trim();
}

describe("an app with packages, from its first build on", () => {
  let app: AppBuilds;
  let first: string;
  beforeAll(async () => {
    app = await appOf(FLASK);
  });

  it("is taken", async () => {
    expect(await app.detect()).toMatchObject({ code: 0, output: "" });
  });

  it("is built cold", async () => {
    const { code, output } = await app.build();
    expect(output).toMatch(
      /-----> Python app detected\n {7}Using Python 3\.\d+\.\d+, as \.python-version asks \(3\.\d+\)\n/,
    );
    expect(output).toContain("-----> Installing packages (pip install -r requirements.txt)");
    expect(code).toBe(0);
    expect(await python(app, "import flask.app, importlib.metadata as m; print(m.version('flask'))")).toBe(
      "3.1.2",
    );
    expect(await app.read("packages", "env.launch/PYTHONUNBUFFERED.default")).toBe("1");
    expect(await app.read("packages", "env.launch/VIRTUAL_ENV.override")).toBe(
      path.join(app.layers, "packages"),
    );
    expect(app.has("packages", "bin/gunicorn")).toBe(true);
    expect(app.has("packages", "exec.d/web-concurrency")).toBe(true);
    expect(app.has("packages", "bin/pip")).toBe(false);
    first = await app.digest("packages");
  });

  it("is built again with nothing asked", async () => {
    await app.change({ "app.py": `${await readFile(path.join(FLASK, "app.py"), "utf8")}# one line\n` });
    const { code, output, ms } = await app.build(NOWHERE);
    expect(output).toContain("Using the packages of the last build");
    expect(code).toBe(0);
    expect(ms).toBeLessThan(3_000);
    expect([app.has("packages"), existsSync(path.join(app.layers, "packages.toml"))]).toEqual([false, true]);
    expect(app.has("pip-cache")).toBe(true);
  });

  it("gives the same layer when built elsewhere from nothing", async () => {
    // The path of a layer is in its scripts, and the same in every build of a platform.
    await rename(app.layers, `${app.layers}.before`);
    await mkdir(app.layers);
    const other = await appOf(FLASK);
    await other.detect();
    await rename(other.app, `${app.app}-moved`);
    const env = { CNB_LAYERS_DIR: app.layers };
    expect(await other.build(env)).toMatchObject({ code: 0 });
    expect(await app.digest("packages")).toBe(first);
    await rm(`${app.layers}.before`, { recursive: true });
  });
});

describe("requirements", () => {
  it("in files that name each other are all looked at", async () => {
    const app = await appOf({
      "requirements.txt": "-r deps/base.txt\n",
      "deps/base.txt": "-c limits.txt\nitsdangerous\n",
      "deps/limits.txt": "itsdangerous==2.1.2\n",
      Procfile: "web: python app.py\n",
    });
    const version = "import importlib.metadata as m; print(m.version('itsdangerous'))";
    expect(await app.build()).toMatchObject({ code: 0 });
    expect(await python(app, version)).toBe("2.1.2");
    expect((await app.build(NOWHERE)).output).toContain("Using the packages of the last build");
    await app.change({ "deps/limits.txt": "itsdangerous==2.2.0\n" });
    expect(await app.build()).toMatchObject({ code: 0 });
    expect(await python(app, version)).toBe("2.2.0");
  });

  it("may be none", async () => {
    const app = await appOf({ "requirements.txt": "", Procfile: "web: python app.py\n" });
    const { code, output } = await app.build(NOWHERE);
    expect([code, output.includes("!")]).toEqual([0, false]);
    expect(await python(app, "print('runs')")).toBe("runs");
  });

  it("that cannot be met end the build with pip's words", async () => {
    const app = await appOf({ "requirements.txt": "itsdangerous==0.0.0.dev0\n" });
    const { code, output } = await app.build();
    expect(code).toBe(1);
    expect(output).toContain("No matching distribution found for itsdangerous==0.0.0.dev0");
    expect(output).toContain(" !     pip could not install the packages of requirements.txt.");
  });

  it("are not waited for when the registry is not there", async () => {
    const app = await appOf({ "requirements.txt": "itsdangerous==2.2.0\n" });
    const { code, output, ms } = await app.build(NOWHERE);
    expect([code, ms < 20_000]).toEqual([1, true]);
    expect(output).toContain("pip could not install");
  });
});

describe("versions", () => {
  it("that are not to be had are told with those that are", async () => {
    const app = await appOf({ "requirements.txt": "", ".python-version": "3.99\n" });
    const { code, output } = await app.build();
    expect(code).toBe(1);
    expect(output).toContain(" !     Python 3.99 (.python-version) is not to be had here.");
    expect(output).toMatch(/Versions that are: 3\.\d+\.\d+/);
  });

  it("that are none are refused", async () => {
    const app = await appOf({ "requirements.txt": "", "runtime.txt": "ruby-3.3.0\n" });
    const { code, output } = await app.build();
    expect([code, output.includes('"ruby-3.3.0" is no Python version (runtime.txt).')]).toEqual([1, true]);
  });

  it("are told by line when only the patch level differs", async () => {
    const app = await appOf({ "requirements.txt": "" });
    await app.build();
    const line = (await python(app, "import sys; print('%d.%d' % sys.version_info[:2])")).trim();
    await app.change({ "runtime.txt": `python-${line}.99\n`, Procfile: "web: x\n" });
    const { code, output } = await app.build();
    expect(code).toBe(0);
    expect(output).toContain(` !     Python ${line}.99 (runtime.txt) is not to be had here; using ${line}.`);
  });
});

it("an app that says nowhere how it starts is told", async () => {
  const app = await appOf({ "requirements.txt": "" });
  expect((await app.build()).output).toContain(" !     The app says nowhere how it starts. Add a Procfile");
});
