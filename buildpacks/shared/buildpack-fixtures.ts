import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { parse, stringify, type TomlTable } from "smol-toml";
import type { BuildContext } from "./build-context.ts";
import { makeBuildLog } from "./build-log.ts";
import type { Download, Fetcher } from "./verified-download.ts";

/** A folder of a test's own, with a way to remove it. */
export async function makeFolder(): Promise<{ readonly at: string; remove(): Promise<void> }> {
  const at = await mkdtemp(path.join(tmpdir(), "conifer-buildpacks-"));
  return { at, remove: () => rm(at, { recursive: true, force: true }) };
}

/** Files by path; folders are made as needed. */
export type Files = Readonly<Record<string, string>>;

export async function writeFiles(folder: string, files: Files): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), text);
  }
}

/** A context as `bin/build` gets it, in a folder of its own; `output` is what the log was told. */
export async function makeContext(
  folder: string,
  change: Partial<BuildContext> = {},
): Promise<{ readonly context: BuildContext; readonly output: () => string }> {
  let text = "";
  const log = makeBuildLog((more) => {
    text += more;
  });
  const context: BuildContext = {
    appDir: path.join(folder, "app"),
    layersDir: path.join(folder, "layers"),
    buildpackDir: path.join(folder, "buildpack"),
    version: "0.1.0",
    env: { PATH: process.env.PATH },
    log,
    signal: new AbortController().signal,
    ...change,
  };
  for (const dir of [context.appDir, context.layersDir]) await mkdir(dir, { recursive: true });
  await writeFiles(context.buildpackDir, { "exec.d/web-concurrency": "#!/bin/sh\n" });
  return { context, output: () => text };
}

/** An HTTP server on a free port of this machine; `requests` are the paths it was asked for. */
export async function startServer(answer: RequestListener) {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    address: `http://127.0.0.1:${port}`,
    requests,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A fetcher that answers from a table; `asked` are the addresses it was asked for. */
export function scriptedFetcher(answers: Readonly<Record<string, unknown>>) {
  const asked: string[] = [];
  const answer = async (address: string): Promise<unknown> => {
    asked.push(address);
    const found = answers[address];
    if (found === undefined) throw Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    if (found instanceof Error) throw found;
    return found;
  };
  const fetcher: Fetcher = {
    text: async (address) => String(await answer(address)),
    json: answer,
    file: async ({ address }: Download) => String(await answer(address)),
    anyFile: async ({ address }) => String(await answer(address)),
    close: async () => {},
  };
  return { fetcher, asked };
}

export interface Outcome {
  readonly code: number | null;
  readonly output: string;
  readonly ms: number;
}

/** Runs a program to its end, both outputs together. */
export function runProgram(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<Outcome> {
  const began = performance.now();
  const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output, ms: performance.now() - began }));
  });
}

/** An app that is built again and again by one buildpack, its layers kept from build to build as a lifecycle does. */
export interface AppBuilds {
  readonly app: string;
  readonly layers: string;
  detect(): Promise<Outcome>;
  /** Lays the source anew, restores layers, and runs `bin/build`. */
  build(env?: Readonly<Record<string, string>>): Promise<Outcome>;
  /** Changes the source: files to write, or with undefined to remove. */
  change(files: Readonly<Record<string, string | undefined>>): Promise<void>;
  /** The content of a layer as a digest: names, modes, links and bytes, without times. */
  digest(layer: string): Promise<string>;
  read(layer: string, file: string): Promise<string>;
  has(layer: string, file?: string): boolean;
  launch(): Promise<TomlTable>;
}

const COPY = { recursive: true, verbatimSymlinks: true, preserveTimestamps: true };
/** What a platform passes on; above all no other setting of the npm that may have started the tests. */
const INHERITED =
  /^(PATH|HOME|.*_proxy|.*_PROXY|npm_config_registry|NPM_CONFIG_REGISTRY|PIP_.*|GO(PROXY|SUMDB|NOSUMDB|FLAGS)|MAVEN_MIRROR_URL|.*CERT.*|.*CA_BUNDLE)$/;

const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";

export interface AppBuildsOptions {
  /** A folder that bundleBuildpacks made. */
  readonly buildpack: string;
  /** A folder to copy, or files. */
  readonly source: string | Files;
  /** Layers of another app to begin with, so that a test need not fetch runtimes again. */
  readonly seed?: { readonly from: string; readonly layers: readonly string[] };
}

export async function makeAppBuilds(
  root: string,
  { buildpack, source, seed }: AppBuildsOptions,
): Promise<AppBuilds> {
  const at = (name: string) => path.join(root, name);
  const [kept, app, layers] = [at("source"), at("app"), at("layers")];
  await mkdir(kept, { recursive: true });
  await mkdir(layers, { recursive: true });
  if (typeof source === "string") await cp(source, kept, { recursive: true });
  else await writeFiles(kept, source);
  for (const name of seed?.layers ?? []) await takeLayer(seed?.from ?? "", layers, name);
  const inherited = Object.entries(process.env).filter(([name]) => INHERITED.test(name));
  const trusted = existsSync(CERTIFICATES) ? { npm_config_cafile: CERTIFICATES } : {};
  const env = { ...Object.fromEntries(inherited), ...trusted, CONIFER_RUNTIME_SOURCES: "registry" };
  const lay = async () => {
    await rm(app, { recursive: true, force: true });
    await cp(kept, app, COPY);
  };
  const run = (program: string, args: readonly string[], more: Readonly<Record<string, string>>) =>
    runProgram(path.join(buildpack, "bin", program), args, { cwd: app, env: { ...env, ...more } });
  return {
    app,
    layers,
    async detect() {
      await lay();
      return run("detect", [at("platform"), at("plan.toml")], {});
    },
    async build(more = {}) {
      await lay();
      await restoreLayers(layers);
      return run("build", [layers, at("platform"), at("plan.toml")], more);
    },
    async change(files) {
      for (const [name, text] of Object.entries(files)) {
        if (text === undefined) await rm(path.join(kept, name), { recursive: true, force: true });
        else await writeFiles(kept, { [name]: text });
      }
    },
    digest: (layer) => digestTree(path.join(layers, layer)),
    read: (layer, file) => readFile(path.join(layers, layer, file), "utf8"),
    has: (layer, file = ".") => existsSync(path.join(layers, layer, file)),
    launch: async () => parse(await readFile(path.join(layers, "launch.toml"), "utf8")),
  };
}

/** The files of a cached layer become other names of the same ones; of a launch layer only metadata are taken. */
async function takeLayer(from: string, layers: string, name: string): Promise<void> {
  const text = await readFile(path.join(from, `${name}.toml`), "utf8");
  await writeFile(path.join(layers, `${name}.toml`), text);
  if (!/^cache = true$/m.test(text)) return;
  const copy = await runProgram("cp", ["-al", name, layers], { cwd: from, env: process.env });
  if (copy.code !== 0) throw new Error(copy.output);
}

/**
 * What a lifecycle leaves for the next build: cached layers with their folders, launch layers as metadata alone, and
 * nothing of the others. Types are gone in any case.
 */
export async function restoreLayers(layers: string): Promise<void> {
  for (const file of await readdir(layers)) {
    const name = /^(.+)\.toml$/.exec(file)?.[1];
    if (name === undefined) continue;
    if (name === "launch") await rm(path.join(layers, file));
    if (name === "launch") continue;
    const toml = parse(await readFile(path.join(layers, file), "utf8"));
    const types = (toml.types ?? {}) as Record<string, boolean>;
    if (!types.cache) await rm(path.join(layers, name), { recursive: true, force: true });
    if (types.cache || types.launch) {
      await writeFile(path.join(layers, file), stringify({ metadata: toml.metadata ?? {} } as TomlTable));
    } else {
      await rm(path.join(layers, file));
    }
  }
  for (const name of await readdir(layers)) {
    const isLayer = name.endsWith(".toml") || existsSync(path.join(layers, `${name}.toml`));
    if (!isLayer) await rm(path.join(layers, name), { recursive: true, force: true });
  }
}

async function digestTree(root: string): Promise<string> {
  const hash = createHash("sha256");
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries.map((entry) => ({ entry, at: path.join(entry.parentPath, entry.name) }));
  for (const { entry, at } of paths.sort((a, b) => (a.at < b.at ? -1 : 1))) {
    hash.update(`${path.relative(root, at)}\0`);
    if (entry.isSymbolicLink()) hash.update(`link ${await readlink(at)}\0`);
    else if (entry.isFile()) hash.update(`${(await stat(at)).mode}\0`).update(await readFile(at));
  }
  return hash.digest("hex");
}
