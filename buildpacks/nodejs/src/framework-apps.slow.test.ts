import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../../platform/src/kernel/free-port-fixtures.ts";
import { type AppBuilds, makeAppBuilds, makeFolder, runProgram } from "../../shared/buildpack-fixtures.ts";
import { bundleBuildpacks } from "../../shared/bundle-buildpacks.ts";

// Apps as official scaffolding packages make them, built, started as a dyno would start them, and asked.

const MINUTES = 60_000;

let folder: Awaited<ReturnType<typeof makeFolder>>;
let buildpack: string;
const running: ChildProcess[] = [];
beforeAll(async () => {
  folder = await makeFolder();
  const { buildpacks } = await bundleBuildpacks(path.join(folder.at, "packs"));
  buildpack = buildpacks.find(({ id }) => id === "conifer/nodejs")?.dir ?? "";
});
afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }
});
afterAll(() => folder.remove());

/** Has a scaffolding package make an app, and gives it a lock file as its developer would. */
async function scaffold(name: string, args: readonly string[]): Promise<string> {
  const env = { ...process.env, CI: "1", npm_config_fund: "false", npm_config_audit: "false" };
  const made = await runProgram("npm", ["exec", "--yes", "--", ...args], { cwd: folder.at, env });
  expect({ code: made.code, output: made.code === 0 ? "" : made.output }).toEqual({ code: 0, output: "" });
  const source = path.join(folder.at, name);
  if (!existsSync(path.join(source, "package-lock.json"))) {
    const lock = ["install", "--package-lock-only", "--ignore-scripts"];
    expect(await runProgram("npm", lock, { cwd: source, env })).toMatchObject({ code: 0 });
  }
  return source;
}

async function build(name: string, source: string) {
  const app = await makeAppBuilds(path.join(folder.at, `${name}-builds`), { buildpack, source });
  const { code, output } = await app.build();
  expect({ code, output: code === 0 ? "" : output }).toEqual({ code: 0, output: "" });
  return { app, output };
}

/** Starts the image's web process, and resolves when it answers. */
async function startWeb(app: AppBuilds) {
  const { processes } = (await app.launch()) as { processes: { type: string; args: string[] }[] };
  const line = processes.find(({ type }) => type === "web")?.args[0] ?? "false";
  const port = await freePort();
  const bins = [path.join(app.app, "node_modules/.bin"), path.join(app.layers, "toolchain/bin")];
  const child = spawn("bash", ["-c", line.startsWith("exec ") ? line : `exec ${line}`], {
    cwd: app.app,
    env: { PATH: `${bins.join(":")}:/usr/bin:/bin`, PORT: String(port), NODE_ENV: "production" },
    stdio: ["ignore", "inherit", "inherit"],
  });
  running.push(child);
  const get = async (target: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(`http://127.0.0.1:${port}${target}`, { headers });
    return { status: answer.status, text: await answer.text() };
  };
  const answers = () =>
    get("/").then(
      ({ status }) => status,
      () => 0,
    );
  await expect.poll(answers, { timeout: 30_000, interval: 50 }).toBe(200);
  return { line, get };
}

describe("create-vite (Vue)", () => {
  it(
    "is built, and served as a single-page app",
    async () => {
      const source = await scaffold("vite-app", [
        "create-vite@9.3.0",
        "vite-app",
        "--template",
        "vue",
        "--no-interactive",
      ]);
      const { app, output } = await build("vite", source);
      expect(output).toMatch(
        /Default process: web -> exec node \S+static-server\.mjs dist \S+site\.json \(Vite\)/,
      );
      const { get } = await startWeb(app);
      const page = await get("/");
      expect(page.text).toContain('<div id="app">');
      expect(await get("/some/route", { accept: "text/html" })).toEqual(page);
      const script = /src="(\/assets\/[^"]+\.js)"/.exec(page.text)?.[1] ?? "";
      expect((await get(script)).status).toBe(200);
      expect((await get("/assets/none.js")).status).toBe(404);
      // What only development needs is not in the image.
      expect(app.has("packages", "node_modules/vite")).toBe(false);
      expect(app.has("packages", "node_modules/vue/package.json")).toBe(true);
    },
    5 * MINUTES,
  );
});

describe("create-next-app", () => {
  it(
    "is built and served on the port it is given; its cache outlasts the build outside the image",
    async () => {
      const args = [
        "create-next-app@16.4.3",
        "next-app",
        "--yes",
        "--js",
        "--app",
        "--no-tailwind",
        "--empty",
        "--no-eslint",
      ];
      const source = await scaffold("next-app", [...args, "--skip-install", "--disable-git", "--use-npm"]);
      const { app, output } = await build("next", source);
      expect(output).toContain("Default process: web -> next start (the start script)");
      expect(existsSync(path.join(app.app, ".next/cache"))).toBe(false);
      const { get } = await startWeb(app);
      expect((await get("/")).text).toContain("<html");
      expect((await get("/none")).status).toBe(404);
      // Without a start script the server is started all the same.
      const manifest = JSON.parse(await readFile(path.join(source, "package.json"), "utf8"));
      const { start: _, ...scripts } = manifest.scripts;
      await app.change({ "package.json": JSON.stringify({ ...manifest, scripts }) });
      await writeFile(path.join(source, "package.json"), JSON.stringify({ ...manifest, scripts }));
      const again = await app.build({ npm_config_registry: "http://127.0.0.1:9/" });
      expect(again.output).toContain("Default process: web -> next start -p $PORT (Next.js)");
      expect(again.output).not.toContain("Installing");
    },
    8 * MINUTES,
  );
});
