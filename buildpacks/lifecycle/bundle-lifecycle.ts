import { createHash } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCES = dirname(fileURLToPath(import.meta.url));
const ROOT = join(SOURCES, "..", "..");
/** What is taken from the platform. */
const PLATFORM_SOURCES = [
  ...["cnb-labels.ts", "layer-tar.ts", "oci-documents.ts"].map((name) => `delivery/image/${name}`),
  "drivers/files/trees/unpack-tar.ts",
].map((path) => join(ROOT, "platform", "src", path));

const PROGRAMS = ["analyzer", "detector", "restorer", "builder", "exporter", "creator", "rebaser"];

/** The phase programs find their code beside themselves, and Node on PATH. */
const programText = (phase: string) => `#!/bin/sh\nexec node "\${0%/*}/lifecycle.mjs" ${phase} "$@"\n`;

/**
 * Makes a `/cnb/lifecycle` folder: the phase programs, their code as one file, and the launcher. Does nothing when the
 * folder was made of the same sources already; a folder that is in use is never left half changed. Returns whether
 * anything was made.
 */
export async function bundleLifecycle(target: string): Promise<boolean> {
  const state = await hashSources();
  const made = await readFile(join(target, ".sources"), "utf8").catch(() => "");
  if (made === state) return false;
  const aside = `${target}.${process.pid}`;
  await rm(aside, { recursive: true, force: true });
  await mkdir(aside, { recursive: true });
  try {
    await bundleInto(join(aside, "lifecycle.mjs"));
    for (const phase of PROGRAMS) await writeProgram(join(aside, phase), programText(phase));
    await writeProgram(join(aside, "launcher"), await readFile(join(SOURCES, "launcher.sh"), "utf8"));
    // Builds read it as another user, whatever this one's umask is.
    await chmod(join(aside, "lifecycle.mjs"), 0o644);
    await chmod(aside, 0o755);
    await writeFile(join(aside, ".sources"), state);
    await rm(target, { recursive: true, force: true });
    await rename(aside, target);
    return true;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

async function bundleInto(outfile: string): Promise<void> {
  const { build } = await import("esbuild");
  const { version } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as { version: string };
  await build({
    entryPoints: [join(SOURCES, "phase-program.ts")],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    legalComments: "inline",
    logLevel: "error",
    define: { LIFECYCLE_VERSION: JSON.stringify(version) },
    // tar-stream and what it needs are CommonJS; they call require for Node's own modules.
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
  });
}

async function writeProgram(path: string, text: string): Promise<void> {
  await writeFile(path, text);
  await chmod(path, 0o755);
}

async function hashSources(): Promise<string> {
  const hash = createHash("sha256");
  hash.update(await readFile(join(ROOT, "package-lock.json")));
  const own = (await readdir(SOURCES)).sort().filter((name) => /\.(ts|sh)$/.test(name));
  const kept = own.filter((name) => !/\.test\.ts$|-fixtures\.ts$/.test(name));
  for (const path of [...kept.map((name) => join(SOURCES, name)), ...PLATFORM_SOURCES])
    hash.update(`${path.slice(ROOT.length)}\0`).update(await readFile(path));
  return hash.digest("hex");
}
