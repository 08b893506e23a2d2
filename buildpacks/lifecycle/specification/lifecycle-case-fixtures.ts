import { spawn } from "node:child_process";
import { mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import { layoutPath, writeImage, writeLayer } from "../image-layout.ts";
import {
  type Bench,
  bundlePrograms,
  IMAGE,
  makeBench,
  type PhaseRun,
  type PhaseUser,
} from "../lifecycle-fixtures.ts";
import { makeManifest, type OciConfig, packLayer } from "../oci.ts";
import { readToml, type TomlTable } from "../toml-files.ts";
import { type ImageView, readImageView } from "./image-view-fixtures.ts";

/** One thing or several that the specifications ask for, tried on a lifecycle's programs. */
export interface LifecycleCase {
  /** Ids of requirements. */
  readonly meets: readonly string[];
  readonly run: (lifecycle: TestedLifecycle) => Promise<void>;
}

/** A folder of phase programs, and benches to run them on. */
export interface TestedLifecycle {
  readonly programs: string;
  bench(): Promise<Workbench>;
  dispose(): Promise<void>;
}

export interface Launched {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Workbench extends Bench {
  readonly programs: string;
  /** Runs phases one by one, with the same further arguments, and expects each to end well. Returns their output. */
  phases(names: readonly string[], more?: PhaseOptions): Promise<string>;
  /** Writes the analyzed.toml that a phase finds. */
  analyzed(table?: TomlTable): Promise<void>;
  toml(path: string): Promise<TomlTable | undefined>;
  /** What a buildpack wrote by `note`; empty when it did not. */
  note(name: string): Promise<string>;
  view(reference?: string): Promise<ImageView>;
  /** Puts the image's layers in the place of those of the build, for its launcher to find. */
  install(): Promise<void>;
  /** Starts what `install` installed: a process type by its link, or the launcher for `""`. */
  launch(type: string, args?: readonly string[], env?: Readonly<Record<string, string>>): Promise<Launched>;
  /** Starts another program in the environment of the image. */
  launchBy(program: string, args: readonly string[]): Promise<Launched>;
}

export interface PhaseOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: Readonly<Record<string, readonly string[]>>;
}

/** Another lifecycle refuses to build with a superuser's rights. */
const BUILD_USER: PhaseUser = { uid: 1000, gid: 1000 };
export const ALL_PHASES = ["analyzer", "detector", "restorer", "builder", "exporter"];
export const ARCHITECTURE = process.arch === "x64" ? "amd64" : "arm64";
export const RUN = "test.local/run:base";

/** Our programs, bundled; with `folder`, those in it. */
export async function openLifecycle(folder: string | undefined): Promise<TestedLifecycle> {
  const own = folder ? undefined : await bundlePrograms();
  const programs = folder ?? (own?.folder as string);
  const user = folder && process.getuid?.() === 0 ? BUILD_USER : undefined;
  const benches: Workbench[] = [];
  return {
    programs,
    async bench() {
      const bench = await makeWorkbench(programs, user);
      benches.push(bench);
      return bench;
    },
    async dispose() {
      await Promise.all(benches.map((bench) => bench.dispose()));
      await own?.dispose();
    },
  };
}

/** Something that many cases look at and that is made once for each lifecycle. */
export function scene<T>(
  make: (lifecycle: TestedLifecycle) => Promise<T>,
): (lifecycle: TestedLifecycle) => Promise<T> {
  const made = new WeakMap<TestedLifecycle, Promise<T>>();
  return (lifecycle) => {
    const known = made.get(lifecycle) ?? make(lifecycle);
    made.set(lifecycle, known);
    return known;
  };
}

async function makeWorkbench(programs: string, user: PhaseUser | undefined): Promise<Workbench> {
  const bench = await makeBench(programs, user);
  await mkdir(join(bench.root, "notes"));
  await writeRunImage(bench.layouts, RUN, {});
  const installed = join(bench.root, "installed");
  const startWith = async (argv: readonly string[], env: Readonly<Record<string, string>>) => {
    const given = JSON.parse(await readFile(join(installed, "env.json"), "utf8"));
    return start(argv, { ...given, ...env }, user);
  };
  return {
    ...{ ...bench, programs },
    async phases(names, { env, args = {} } = {}) {
      let said = "";
      for (const phase of names) said += mustEndWell(phase, await bench.run(phase, args[phase], env));
      return said;
    },
    analyzed: (table = { "run-image": runImageTable(bench.layouts) }) =>
      bench.writeFiles({ "layers/analyzed.toml": tomlOf(table) }),
    toml: (path) => readToml(join(bench.root, path)),
    note: (name) => readFile(join(bench.root, "notes", name), "utf8").catch(() => ""),
    view: (reference = IMAGE) => readImageView(layoutPath(bench.layouts, reference)),
    async install() {
      const view = await readImageView(layoutPath(bench.layouts, IMAGE));
      await view.unpack(installed);
      for (const folder of [bench.layers, bench.app]) {
        await rename(folder, `${folder}.built`);
        await mkdir(join(installed, folder), { recursive: true });
        await rename(join(installed, folder), folder);
      }
      await mkdir(join(installed, "process"));
      for (const type of view.processTypes)
        await symlink(join(installed, "cnb/lifecycle/launcher"), join(installed, "process", type));
      await writeFile(join(installed, "env.json"), JSON.stringify(view.env));
    },
    launch: (type, args = [], env = {}) =>
      startWith([join(installed, type ? join("process", type) : "cnb/lifecycle/launcher"), ...args], env),
    launchBy: (program, args) => startWith([program, ...args], {}),
  };
}

function mustEndWell(phase: string, { exitCode, output }: PhaseRun): string {
  expect(exitCode, `${phase}: ${output}`).toBe(0);
  return output;
}

function runImageTable(layouts: string): TomlTable {
  const distro = { name: "debian", version: "12" };
  return {
    ...{ image: RUN, reference: layoutPath(layouts, RUN) },
    target: { os: "linux", arch: ARCHITECTURE, distro },
  };
}

/** Tables of texts, numbers and tables as TOML in lines; no more is needed here. */
function tomlOf(table: TomlTable): string {
  const inline = (value: unknown): string =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? `{${Object.entries(value).map(([key, one]) => `"${key}" = ${inline(one)}`)}}`
      : JSON.stringify(value);
  return Object.entries(table)
    .map(([key, value]) => `"${key}" = ${inline(value)}\n`)
    .join("");
}

function start(
  [program = "", ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
  user: PhaseUser | undefined,
): Promise<Launched> {
  // Debian's bash takes a socket as standard input for a remote login and reads .bashrc.
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"], ...user });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? -1, out, err }));
  });
}

/** What a run image is, other than usual. */
export interface RunImageOptions {
  readonly labels?: Readonly<Record<string, string>>;
  readonly config?: OciConfig["config"];
  /** Content of the file that its one layer has. */
  readonly file?: string;
  readonly architecture?: string;
  readonly variant?: string;
}

/** Writes a run image of one layer, of Debian 12 unless `labels` say otherwise. Returns its digest and its top layer's. */
export async function writeRunImage(
  layouts: string,
  reference: string,
  options: RunImageOptions,
): Promise<{ readonly digest: string; readonly topLayer: string; readonly layout: string }> {
  const { labels, config, file = "base", architecture = ARCHITECTURE, variant } = options;
  const layout = layoutPath(layouts, reference);
  await rm(layout, { recursive: true, force: true });
  const content = Buffer.from(file);
  const entry = { kind: "file" as const, path: "/etc/base", mode: 0o644, content, size: content.length };
  const owner = { uid: 0, gid: 0 };
  await mkdir(layout, { recursive: true });
  const layer = await writeLayer(layout, packLayer([entry], owner));
  const image = {
    ...{ architecture, os: "linux", created: "2001-01-01T00:00:00Z" },
    ...(variant ? { variant } : {}),
    config: {
      ...{ User: "1000:1000", Env: ["PATH=/cnb/lifecycle:/usr/bin:/bin", "BASE=kept"] },
      ...config,
      Labels: labels ?? {
        "io.buildpacks.base.distro.name": "debian",
        "io.buildpacks.base.distro.version": "12",
      },
    },
    rootfs: { type: "layers" as const, diff_ids: [layer.diffId] },
    history: [{ created: "2001-01-01T00:00:00Z", created_by: "base" }],
  };
  const written = await writeImage(layout, image, (of) => makeManifest(of, [layer.descriptor]));
  return { digest: written.descriptor.digest, topLayer: layer.diffId, layout };
}

/** Shell text that writes a file of a buildpack's layers, without a line's end. */
export function put(path: string, text: string): string {
  const file = `"$CNB_LAYERS_DIR/${path}"`;
  return `mkdir -p "$CNB_LAYERS_DIR/${dirname(path)}"; printf %s '${text.replaceAll("'", "'\\''")}' > ${file}`;
}

/** Shell text that makes a layer: its folder, its types by words, and its metadata. */
export function layer(name: string, types: string, metadata = ""): string {
  const flags = types.split(" ").filter(Boolean);
  const toml = `[types]\n${flags.map((flag) => `${flag} = true\n`).join("")}[metadata]\n${metadata}\n`;
  return `mkdir -p "$CNB_LAYERS_DIR/${name}"; ${put(`${name}.toml`, toml)}`;
}

/** Shell text that keeps what a command says, for `Workbench.note`. */
export function note(name: string, command: string): string {
  return `{ ${command}; } > "$CNB_PLATFORM_DIR/../notes/${name}" 2>&1 || true`;
}

/** Shell text of a detection that provides and requires, each in words. */
export function plan(provides: string, requires: string): string {
  const names = (kind: string, words: string) =>
    words
      .split(" ")
      .filter(Boolean)
      .map((word) => `[[${kind}]]\nname = "${word}"\n`)
      .join("");
  return `cat > "$CNB_BUILD_PLAN_PATH" <<'EOT'\n${names("provides", provides)}${names("requires", requires)}EOT`;
}

/** Shell text that writes launch.toml, each time it is used a little more of it. */
export function launchToml(text: string): string {
  return `cat >> "$CNB_LAYERS_DIR/launch.toml" <<'EOT'\n${text}\nEOT`;
}

/** A program as shell text, at a path of a buildpack's layers. */
export function program(path: string, text: string): string {
  return `${put(path, `#!/bin/sh\n${text}\n`)}; chmod 755 "$CNB_LAYERS_DIR/${path}"`;
}
