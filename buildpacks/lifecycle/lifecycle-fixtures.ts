import { execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { folderName } from "./buildpack-descriptor.ts";
import { bundleLifecycle } from "./bundle-lifecycle.ts";
import { type LayoutImage, layoutPath, readLayout, writeImage } from "./image-layout.ts";
import { LABEL, makeManifest } from "./oci.ts";

const execFileAsync = promisify(execFile);

/** A buildpack made of shell texts. */
export interface TestBuildpack {
  readonly id: string;
  readonly detect?: string;
  readonly build?: string;
  /** More of buildpack.toml. */
  readonly toml?: string;
  readonly api?: string;
}

/** Who runs phases, where it is not whoever runs the tests. */
export interface PhaseUser {
  readonly uid: number;
  readonly gid: number;
}

export interface PhaseRun {
  readonly exitCode: number;
  readonly output: string;
}

/** A build environment in a temporary folder, with a run image and without buildpacks. */
export interface Bench {
  readonly root: string;
  readonly layers: string;
  readonly app: string;
  readonly layouts: string;
  readonly cache: string;
  addBuildpacks(...buildpacks: readonly TestBuildpack[]): Promise<void>;
  /** Groups of ids; an id that ends with `?` is optional. */
  setOrder(...groups: readonly (readonly string[])[]): Promise<void>;
  writeFiles(files: Readonly<Record<string, string>>): Promise<void>;
  /** Empties the layers folder, as before each build. */
  clearLayers(): Promise<void>;
  /** Runs a phase's program, or another one that stands for it. Behind `--` in `args` stand further images. */
  run(
    phase: string,
    args?: readonly string[],
    env?: Readonly<Record<string, string>>,
    program?: string,
  ): Promise<PhaseRun>;
  /** Runs the creator on empty layers. */
  create(args?: readonly string[], env?: Readonly<Record<string, string>>): Promise<PhaseRun>;
  image(): Promise<LayoutImage>;
  dispose(): Promise<void>;
}

export const IMAGE = "test.local/app:new";
export const PREVIOUS = "test.local/app:old";
const RUN_IMAGE = "test.local/run:base";

/** Phases whose first image is that of the bench. */
const IMAGE_PHASES = ["analyzer", "exporter", "creator"];

/** Arguments that each phase gets from a bench; a phase takes those it has. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  analyzer: ["layers", "layout", "layout-dir", "previous-image", "run-image", "uid", "gid"],
  detector: ["layers", "app", "buildpacks", "order", "platform", "build-config"],
  restorer: ["layers", "cache-dir", "uid", "gid"],
  builder: ["layers", "app", "buildpacks", "platform", "build-config"],
  exporter: ["layers", "app", "cache-dir", "launcher", "layout", "layout-dir", "uid", "gid"],
  creator: [
    ...["layers", "app", "buildpacks", "order", "platform", "build-config", "cache-dir", "launcher"],
    ...["layout", "layout-dir", "previous-image", "run-image", "uid", "gid"],
  ],
  rebaser: ["layers", "layout", "layout-dir"],
};

/** The phase programs as builds run them, in a temporary folder: starting those is much quicker than the sources. */
export async function bundlePrograms(): Promise<{ folder: string; dispose(): Promise<void> }> {
  const root = await mkdtemp(join(tmpdir(), "programs-"));
  const folder = join(root, "lifecycle");
  await bundleLifecycle(folder);
  await chmod(root, 0o755);
  return { folder, dispose: () => rm(root, { recursive: true, force: true }) };
}

/** Hooks for a file of tests: a bench for each of them, on programs that are bundled once. `use` is given it. */
export function benchForEach(use: (bench: Bench, programs: string) => void): void {
  let programs: Awaited<ReturnType<typeof bundlePrograms>>;
  beforeAll(async () => {
    programs = await bundlePrograms();
  });
  afterAll(() => programs.dispose());
  beforeEach(async () => {
    const bench = await makeBench(programs.folder);
    use(bench, programs.folder);
    return () => bench.dispose();
  });
}

/** With `user`, programs run as that user and may write where phases do. */
export async function makeBench(programs: string, user?: PhaseUser): Promise<Bench> {
  // Another lifecycle reads names of layouts as those of images, which have no capitals.
  const root = join(tmpdir(), `cnb-${randomUUID()}`);
  const at = (name: string) => join(root, name);
  for (const name of ["app", "layers", "layouts", "platform/env", "build-config/env", "buildpacks", "cache"])
    await mkdir(at(name), { recursive: true });
  await writeRunImage(layoutPath(at("layouts"), RUN_IMAGE));
  if (user) await chmod(root, 0o777);
  const give = async () => {
    if (user) await execFileAsync("chown", ["-R", `${user.uid}:${user.gid}`, root]);
  };
  const values: Readonly<Record<string, readonly string[]>> = {
    layers: ["-layers", at("layers")],
    app: ["-app", at("app")],
    buildpacks: ["-buildpacks", at("buildpacks")],
    order: ["-order", at("order.toml")],
    platform: ["-platform", at("platform")],
    "build-config": ["-build-config", at("build-config")],
    "cache-dir": ["-cache-dir", at("cache")],
    launcher: ["-launcher", join(programs, "launcher")],
    layout: ["-layout"],
    "layout-dir": ["-layout-dir", at("layouts")],
    "previous-image": ["-previous-image", PREVIOUS],
    "run-image": ["-run-image", RUN_IMAGE],
    uid: ["-uid", "1000"],
    gid: ["-gid", "1000"],
  };
  const run: Bench["run"] = async (phase, args = [], env = {}, program = join(programs, phase)) => {
    const common = (ARGUMENTS[phase] ?? []).flatMap((name) => values[name] ?? []);
    const images = args.includes("--") ? args.slice(args.indexOf("--") + 1) : [];
    const flags = args.slice(0, args.includes("--") ? args.indexOf("--") : args.length);
    await give();
    return runProgram(
      [program, ...common, ...flags, ...(IMAGE_PHASES.includes(phase) ? [IMAGE] : []), ...images],
      env,
      { ...user, cwd: at("layouts") },
    );
  };
  const clearLayers = async () => {
    await rm(at("layers"), { recursive: true, force: true });
    await mkdir(at("layers"));
  };
  return {
    ...{ root, run, clearLayers },
    layers: at("layers"),
    app: at("app"),
    layouts: at("layouts"),
    cache: at("cache"),
    async addBuildpacks(...buildpacks) {
      for (const buildpack of buildpacks) await writeBuildpack(at("buildpacks"), buildpack);
    },
    setOrder: (...groups) => writeFile(at("order.toml"), orderText(groups)),
    writeFiles: (files) => writeAll(root, files),
    async create(args, env) {
      await clearLayers();
      return run("creator", args, env);
    },
    async image() {
      const image = await readLayout(layoutPath(at("layouts"), IMAGE));
      if (!image) throw new Error("no image was exported");
      return image;
    },
    dispose: () => rm(root, { recursive: true, force: true }),
  };
}

/** What the launcher in an exported layer would be given: the previous image stands where the next build looks. */
export async function keepAsPrevious(bench: Bench): Promise<void> {
  const to = layoutPath(bench.layouts, PREVIOUS);
  const from = layoutPath(bench.layouts, IMAGE);
  await rm(to, { recursive: true, force: true });
  const image = await bench.image();
  // Without its layers, as a platform hands it over that keeps them elsewhere.
  await writeImage(to, image.config, () => image.manifest);
  await rm(from, { recursive: true, force: true });
}

async function writeRunImage(layout: string): Promise<void> {
  const labels = { [LABEL.distroName]: "debian", [LABEL.distroVersion]: "12" };
  await writeImage(
    layout,
    {
      architecture: process.arch === "x64" ? "amd64" : "arm64",
      os: "linux",
      config: { User: "1000:1000", Env: ["PATH=/cnb/lifecycle:/usr/bin:/bin"], Labels: labels },
      rootfs: { type: "layers", diff_ids: [] },
    },
    (config) => makeManifest(config, []),
  );
}

/** Another lifecycle takes no bill of a kind that buildpack.toml does not name. */
const BILLS =
  'sbom-formats = ["application/vnd.cyclonedx+json", "application/spdx+json", "application/vnd.syft+json"]';

async function writeBuildpack(root: string, buildpack: TestBuildpack): Promise<void> {
  const { id, detect = "exit 0", build = "exit 0", toml = "", api = "0.12" } = buildpack;
  const folder = join(root, folderName(id), "1.0.0");
  await writeAll(folder, {
    "buildpack.toml": `api = "${api}"\n[buildpack]\nid = "${id}"\nversion = "1.0.0"\n${BILLS}\n${toml}\n`,
    "bin/detect": `#!/bin/sh\n${detect}\n`,
    "bin/build": `#!/bin/sh\nset -e\n${build}\n`,
  });
  for (const name of ["detect", "build"]) await chmod(join(folder, "bin", name), 0o755);
}

function orderText(groups: readonly (readonly string[])[]): string {
  return groups
    .map((group) => {
      const entries = group.map((id) => {
        const optional = id.endsWith("?");
        return `[[order.group]]\nid = "${id.replace("?", "")}"\nversion = "1.0.0"\noptional = ${optional}\n`;
      });
      return `[[order]]\n${entries.join("")}`;
    })
    .join("");
}

/** Writes files below a folder; a name that ends with `/` is a folder. */
export async function writeAll(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(root, name);
    await mkdir(name.endsWith("/") ? path : dirname(path), { recursive: true });
    if (!name.endsWith("/")) await writeFile(path, text);
  }
}

function runProgram(
  [program = "", ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
  // Another lifecycle writes images of further names below the folder it is started in.
  where: Partial<PhaseUser> & { readonly cwd: string },
): Promise<PhaseRun> {
  const base = {
    PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
    HOME: "/tmp",
    CNB_EXPERIMENTAL_MODE: "silent",
    CNB_PLATFORM_API: "0.15",
  };
  const child = spawn(program, args, { env: { ...base, ...env }, ...where });
  let output = "";
  const keep = (chunk: Buffer) => {
    output += chunk.toString("utf8");
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ exitCode: code ?? -1, output }));
  });
}
