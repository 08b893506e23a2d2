import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { Changes, CorpusProject, Edit, Step } from "./corpus-project.ts";

/** Sources are kept from run to run, and so are the tools that make them. */
const KEPT = join(homedir(), ".cache/conifer/corpus");
const UV = "0.13.9";
const STEP_MS = 600_000;

/** The folder with a project's source: the one of an earlier run, unless code makes it or what makes it has changed since. */
export async function sourceOf(project: CorpusProject): Promise<string> {
  const folder = join(KEPT, "sources", `${project.name}-${keyOf(project)}`);
  if (existsSync(folder) && project.make === undefined) return folder;
  remove(folder);
  const work = `${folder}.work`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const app = join(work, "app");
  for (const step of project.scaffold ?? []) await run(step, work);
  mkdirSync(app, { recursive: true });
  for (const name of ["node_modules", ".git", ".venv"]) remove(join(app, name));
  writeChanges(app, project.files ?? {});
  for (const edit of project.edits ?? []) applyEdit(app, edit);
  await project.make?.(app);
  for (const step of project.finish ?? []) await run(step, app);
  for (const name of ["node_modules", ".venv"]) remove(join(app, name));
  renameSync(app, folder);
  remove(work);
  return folder;
}

/** Changes the one text. Throws when it is not there: the project is then not what its table says. */
export function applyEdit(folder: string, { file, from, to }: Edit): void {
  const path = join(folder, file);
  const text = readFileSync(path, "utf8");
  if (!text.includes(from)) throw new Error(`${file} has no ${JSON.stringify(from)}`);
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
}

function writeChanges(folder: string, changes: Changes): void {
  for (const [name, text] of Object.entries(changes)) {
    const path = join(folder, name);
    if (text === undefined) {
      remove(path);
      continue;
    }
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode: text.startsWith("#!") ? 0o755 : 0o644 });
  }
}

function keyOf({ scaffold, files, edits, finish }: CorpusProject): string {
  const parts = [scaffold, Object.entries(files ?? {}), edits, finish];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 12);
}

const remove = (path: string) => rmSync(path, { recursive: true, force: true });

/** As a developer's shell has them; nothing asks questions. */
function environment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PATH: `${join(KEPT, "tools/bin")}:${process.env.PATH}`,
    ...{ CI: "1", npm_config_yes: "true", npm_config_fund: "false", npm_config_audit: "false" },
    ...{ ASTRO_TELEMETRY_DISABLED: "1", NEXT_TELEMETRY_DISABLED: "1", NUXT_TELEMETRY_DISABLED: "1" },
    ...{ NG_CLI_ANALYTICS: "false", UV_PYTHON_DOWNLOADS: "never", UV_PYTHON: "/usr/bin/python3" },
  };
}

async function run(step: Step, cwd: string): Promise<void> {
  const [program = "", ...args] = step;
  if (program === "uv" || program === "uvx") await provideUv();
  await runToEnd(program, args, cwd);
}

/** uv, which runs all other tools of Python. */
async function provideUv(): Promise<void> {
  const tools = join(KEPT, "tools");
  if (existsSync(join(tools, "bin/uvx"))) return;
  await runToEnd("/usr/bin/python3", ["-m", "venv", tools], "/");
  await runToEnd(join(tools, "bin/pip"), ["install", "--quiet", `uv==${UV}`], "/");
}

function runToEnd(program: string, args: readonly string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    const options = { cwd, env: environment(), timeout: STEP_MS };
    const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    const hear = (chunk: Buffer) => {
      said = (said + chunk).slice(-10_000);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${[program, ...args].join(" ")} ended with ${code}:\n${said}`));
    });
  });
}
