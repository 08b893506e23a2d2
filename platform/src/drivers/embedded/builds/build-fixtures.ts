import { spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { type Header, pack } from "tar-stream";
import { bundleLifecycle } from "../../../../../buildpacks/lifecycle/bundle-lifecycle.ts";
import { fakeSourceStore } from "../../../delivery/source/source-store-fake.ts";
import { silentLogger } from "../../../kernel/index.ts";
import { makeHostRunImage } from "../../cnb/builds/index.ts";
import { removeTree } from "../../files/trees/index.ts";
import { type DiskImageStore, type HostRelease, openDiskImageStore } from "../images/index.ts";
import { openSandboxes, type Sandboxes } from "../sandbox/index.ts";
import { openBuilderShelf } from "./builder-shelf.ts";
import { type EmbeddedBuilderOptions, startEmbeddedBuilder } from "./embedded-builder.ts";
import { makeSandboxRunner, type PhaseJob, type PhaseRunner } from "./phase-runner.ts";

export const HOST: HostRelease = {
  architecture: process.arch === "x64" ? "amd64" : "arm64",
  distroName: "debian",
  distroVersion: "12",
};

/** A home with stores, a lifecycle and one buildpack, and the options of a builder on them. */
export interface BuildBench {
  readonly home: string;
  readonly images: DiskImageStore;
  readonly options: EmbeddedBuilderOptions;
  /** Stores a source of these files and returns its digest. */
  addSource(files: Readonly<Record<string, string | Buffer>>): Promise<string>;
  addTar(
    entries: readonly (Partial<Header> & { name: string; content?: string | Buffer })[],
  ): Promise<string>;
  dispose(): Promise<void>;
}

/**
 * Takes sources with a file `do`, a shell script, runs it, and makes a web process that shows `page`. A file `detect` is run
 * before.
 */
const DETECT = `#!/bin/sh
[ -f do ] || { echo "looked for a file named do"; exit 100; }
[ ! -f detect ] || . ./detect
`;
const BUILD = `#!/bin/sh
set -e
echo begun
. ./do
cat > "$CNB_LAYERS_DIR/launch.toml" <<'TOML'
[[processes]]
type = "web"
command = ["cat", "page"]
default = true
TOML
`;

const ORDER = `[[order]]\n[[order.group]]\nid = "test/do"\nversion = "1.0.0"\n`;

/** A builder that runs, with sources that end well, badly and never. */
export async function startBuilderBench(runner: (home: string) => Promise<BenchRunner>, endless: string) {
  const bench = await makeBuildBench(runner);
  const { builder, stop } = await startEmbeddedBuilder(bench.options);
  return {
    builder,
    sources: {
      good: await bench.addSource({ do: ":", page: "hello" }),
      bad: await bench.addSource({ do: "exit 7" }),
      endless: await bench.addSource({ do: endless }),
    },
    async dispose() {
      await stop();
      await bench.dispose();
    },
  };
}

/** A runner, and how what it has opened is closed. */
type BenchRunner = PhaseRunner & { close?(): Promise<void> };

/** Phases in sandboxes of this machine, with networks of their own where it has them. */
export async function makeSandboxedRunner(
  home: string,
  network: "own" | "machine" = "own",
): Promise<BenchRunner & { sandboxes: Sandboxes }> {
  const sandboxes = await openSandboxes({ home, directory: join(home, "sandbox") });
  return { ...makeSandboxRunner(sandboxes, network), sandboxes, close: () => sandboxes.stop() };
}

export async function makeBuildBench(runner: (home: string) => Promise<BenchRunner>): Promise<BuildBench> {
  const home = await mkdtemp(join(tmpdir(), "builds-"));
  const at = (name: string) => join(home, name);
  await writeBuildpack(at("buildpacks/test_do/1.0.0"));
  await bundleLifecycle(at("lifecycle"));
  const images = await openDiskImageStore(at("images"));
  const sources = fakeSourceStore();
  const chosen = await runner(home);
  const addTar: BuildBench["addTar"] = async (entries) => (await sources.write(tarOf(entries))).digest;
  return {
    ...{ home, images, addTar },
    addSource: (files) => addTar(Object.entries(files).map(([name, content]) => ({ name, content }))),
    options: {
      machine: {
        architecture: HOST.architecture,
        ...{ sources, images, runImage: makeHostRunImage(HOST), runner: chosen, order: ORDER },
        registries: { registries: [] },
        ...(chosen.owner ? { owner: chosen.owner } : {}),
        shelf: await openBuilderShelf({
          ...{ folder: at("builders"), store: images, names: images, host: HOST, registries: [] },
          ...(chosen.owner ? { owner: chosen.owner } : {}),
          ...{ logger: silentLogger, now: Date.now },
        }),
        buildpacks: [{ id: "test/do", version: "1.0.0" }],
        runtimeSources: ["official", "registry"],
        hostEnv: {},
        sourceLimits: { bytes: 50_000_000, entries: 10_000 },
        cacheRoot: at("build-cache"),
        lifecycle: at("lifecycle"),
        buildpacksFolder: at("buildpacks"),
        node: process.execPath,
        limits: { memoryBytes: 1024 ** 3, cpuShare: 1, pids: 500 },
        imageLimitBytes: 1024 ** 3,
        logger: silentLogger,
      },
      folder: at("builds"),
      atOnce: 4,
      outputLimitBytes: 1_000_000,
      keptBuilds: 20,
      cacheBounds: { eachBytes: 1024 ** 3, allBytes: 10 * 1024 ** 3 },
    },
    dispose: async () => {
      await chosen.close?.();
      await removeTree(home);
    },
  };
}

async function writeBuildpack(folder: string): Promise<void> {
  await mkdir(join(folder, "bin"), { recursive: true });
  const toml = 'api = "0.12"\n[buildpack]\nid = "test/do"\nversion = "1.0.0"\n';
  await writeFile(join(folder, "buildpack.toml"), toml);
  for (const [name, text] of Object.entries({ detect: DETECT, build: BUILD })) {
    await writeFile(join(folder, "bin", name), text);
    await chmod(join(folder, "bin", name), 0o755);
  }
}

function tarOf(
  entries: readonly (Partial<Header> & { name: string; content?: string | Buffer })[],
): Readable {
  const tar = pack();
  for (const { content = "", ...header } of entries) tar.entry({ mtime: new Date(0), ...header }, content);
  tar.finalize();
  return Readable.from(tar as unknown as AsyncIterable<Buffer>);
}

/**
 * Runs phases as plain processes on this machine's own paths: fast, and without any isolation. Paths of the sandbox
 * are replaced by what is bound there.
 */
export async function makePlainRunner(home: string): Promise<PhaseRunner> {
  return {
    removeRemains: async () => {},
    run: (job, signal) =>
      new Promise((resolve, reject) => {
        const [program, ...args] = job.argv.map((word) => onThisMachine(job, word));
        const child = spawn(program ?? "", [...boundInputs(job), ...args], {
          cwd: onThisMachine(job, job.cwd),
          env: {
            ...job.env,
            PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
            HOME: job.directory,
            TMPDIR: home,
          },
          detached: true,
        });
        child.stdout.on("data", job.onOutput);
        child.stderr.on("data", job.onOutput);
        const kill = () => process.kill(-(child.pid ?? 0), "SIGKILL");
        signal.addEventListener("abort", kill, { once: true });
        child.on("error", reject);
        child.on("close", (code) => {
          signal.removeEventListener("abort", kill);
          resolve({ exitCode: code ?? 137, outOfMemory: false });
        });
        if (signal.aborted) kill();
      }),
  };
}

function onThisMachine({ binds }: PhaseJob, word: string): string {
  const bind = binds.find(({ target }) => word === target || word.startsWith(`${target}/`));
  return bind ? bind.source + word.slice(bind.target.length) : word;
}

function boundInputs(job: PhaseJob): string[] {
  const inputs = {
    "-buildpacks": "/cnb/buildpacks",
    "-order": "/cnb/order.toml",
    "-platform": "/platform",
    "-build-config": "/cnb/build-config",
    "-launcher": "/cnb/lifecycle/launcher",
  };
  return Object.entries(inputs).flatMap(([flag, path]) => [flag, onThisMachine(job, path)]);
}
