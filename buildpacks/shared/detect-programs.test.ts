import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolder, runProgram, writeFiles } from "./buildpack-fixtures.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());

async function detect(buildpack: string, files: readonly string[]) {
  await writeFiles(folder.at, Object.fromEntries(files.map((name) => [name, ""])));
  const program = path.resolve(import.meta.dirname, "..", buildpack, "bin", "detect");
  return runProgram(program, ["platform", "plan"], { cwd: folder.at, env: { PATH: process.env.PATH } });
}

describe("what a buildpack takes", () => {
  it.each([
    ["nodejs", ["package.json"]],
    ["nodejs", ["package.json", "requirements.txt"]],
    ["java", ["pom.xml"]],
    ["java", ["gradlew", "package.json"]],
    ["java", ["build.gradle.kts"]],
    ["go", ["go.mod"]],
    ["go", ["go.work", "package.json"]],
    ["python", ["requirements.txt"]],
    ["python", ["requirements.txt", "Pipfile"]],
    ["python", ["uv.lock"]],
    ["python", ["poetry.lock", "package.json"]],
    ["python", ["Pipfile"]],
    ["python", ["setup.py"]],
    ["ruby", ["Gemfile"]],
    ["ruby", ["gems.rb", "package.json"]],
    ["php", ["composer.json", "package.json"]],
    ["php", ["index.php"]],
    ["php", ["public/index.php"]],
    ["deb-packages", ["Aptfile"]],
    ["procfile", ["Procfile"]],
    ["profile", [".profile"]],
    ["static", ["index.html"]],
    ["static", ["public/index.html"]],
    ["static", ["dist/index.html"]],
    ["static", ["site/index.html"]],
    ["static", ["static.json"]],
  ])("%s: %j", async (buildpack, files) => {
    expect(await detect(buildpack, files)).toMatchObject({ code: 0, output: "" });
  });
});

describe("what a buildpack says when it takes nothing", () => {
  const NODE = "Looked for package.json at the top of the source.\n";
  const PYTHON =
    "Looked for requirements.txt, uv.lock, poetry.lock, Pipfile.lock, pyproject.toml and setup.py at the top of the source.\n";
  const PROCFILE = "Looked for Procfile at the top of the source.\n";
  const STATIC =
    "Looked for index.html in public, dist, site and at the top of the source, and for static.json.\n";
  const JAVA =
    "Looked for pom.xml, mvnw, gradlew, build.gradle and settings.gradle at the top of the source.\n";
  const GO = "Looked for go.mod and go.work at the top of the source.\n";
  const RUBY = "Looked for Gemfile at the top of the source.\n";
  const PHP =
    "Looked for composer.json, index.php, public/index.php and web/index.php at the top of the source.\n";
  it.each([
    ["ruby", [], RUBY],
    [
      "ruby",
      ["config.ru"],
      `${RUBY}Found Ruby without a Gemfile, so that nothing says which gems it needs. Make one: bundle init && bundle lock\n`,
    ],
    [
      "ruby",
      ["api/Gemfile"],
      `${RUBY}Found api/Gemfile, but an app has to be at the top. Name its folder: heroku config:set PROJECT_PATH=api\n`,
    ],
    ["php", ["page.php"], PHP],
    [
      "php",
      ["site/composer.json"],
      `${PHP}Found site/composer.json, but an app has to be at the top. Name its folder: heroku config:set PROJECT_PATH=site\n`,
    ],
    [
      "deb-packages",
      ["project.toml"],
      "Looked for Aptfile, and for [com.heroku.buildpacks.deb-packages] in project.toml.\n",
    ],
    ["java", [], JAVA],
    ["java", ["build.sbt"], `${JAVA}Found build.sbt, but apps are built by Maven or Gradle.\n`],
    [
      "java",
      ["server/pom.xml"],
      `${JAVA}Found server/pom.xml, but an app has to be at the top. Name its folder: heroku config:set PROJECT_PATH=server\n`,
    ],
    ["go", [], GO],
    [
      "go",
      ["Gopkg.lock", "main.go"],
      `${GO}Found Gopkg.lock, but only modules are built. Make one: go mod init <module> && go mod tidy\n`,
    ],
    [
      "go",
      ["main.go"],
      `${GO}Found main.go without a module. Make one: go mod init <module> && go mod tidy\n`,
    ],
    [
      "go",
      ["api/go.mod", "web/go.mod"],
      `${GO}Found api/go.mod, but an app has to be at the top. Name its folder: heroku config:set PROJECT_PATH=api\nOr make a workspace of the modules: go work init && go work use -r .\n`,
    ],
    ["nodejs", [], NODE],
    [
      "nodejs",
      ["client/package.json", "server/package.json"],
      `${NODE}Found client/package.json, but an app has to be at the top. Name its folder: heroku config:set PROJECT_PATH=client\n`,
    ],
    ["python", ["app.txt"], PYTHON],
    [
      "python",
      ["app.py"],
      `${PYTHON}Found app.py, but nothing says which packages it needs. Add a requirements.txt, which may be empty: touch requirements.txt\n`,
    ],
    [
      "python",
      ["pyproject.toml"],
      `${PYTHON}Found pyproject.toml, but it has no [project] table that names packages. Add one, or a requirements.txt.\n`,
    ],
    [
      "python",
      ["environment.yml", "app.py"],
      `${PYTHON}Found environment.yml, but conda is not supported. Write the packages that pip can install: pip list --format=freeze > requirements.txt\n`,
    ],
    ["python", ["requirements.txt/file"], PYTHON],
    ["procfile", [], PROCFILE],
    ["profile", ["profile"], "Looked for .profile at the top of the source.\n"],
    [
      "procfile",
      ["Procfile.txt"],
      `${PROCFILE}Found Procfile.txt, but the file must be named Procfile, without an extension.\n`,
    ],
    ["static", ["index.htm", "src/index.html"], STATIC],
  ])("%s with %j", async (buildpack, files, output) => {
    expect(await detect(buildpack, files)).toMatchObject({ code: 100, output });
  });
});

it.each([
  ["[project]\nname = 'a'\n", 0],
  ["[build-system]\n", 0],
  ["# x\n[tool.poetry]\n", 0],
  ["[tool.poetry.group.dev]\n[tool.ruff]\n", 100],
  ["text = '[project]'\n", 100],
])("a pyproject.toml of %j: %i", async (text, code) => {
  await writeFiles(folder.at, { "pyproject.toml": text });
  const program = path.resolve(import.meta.dirname, "../python/bin/detect");
  expect(await runProgram(program, [], { cwd: folder.at, env: process.env })).toMatchObject({ code });
});

it.each([
  ["[com.heroku.static-web-server]\n", 0],
  ["[com.heroku.static-web-server.errors.404]\n", 0],
  ["[com.heroku.other]\n", 100],
])("a project.toml of %j: %i", async (text, code) => {
  await writeFiles(folder.at, { "project.toml": text });
  const program = path.resolve(import.meta.dirname, "../static/bin/detect");
  expect(await runProgram(program, [], { cwd: folder.at, env: process.env })).toMatchObject({ code });
});

it.each([
  ['[com.heroku.buildpacks.deb-packages]\ninstall = ["jq"]\n', 0],
  ['com.heroku.buildpacks.deb-packages.install = ["jq"]\n', 0],
  ['# [com.heroku.buildpacks.deb-packages]\n[[io.buildpacks.group]]\nid = "heroku/deb-packages"\n', 100],
])("packages of the release in a project.toml of %j: %i", async (text, code) => {
  await writeFiles(folder.at, { "project.toml": text });
  const program = path.resolve(import.meta.dirname, "../deb-packages/bin/detect");
  expect(await runProgram(program, [], { cwd: folder.at, env: process.env })).toMatchObject({ code });
});
