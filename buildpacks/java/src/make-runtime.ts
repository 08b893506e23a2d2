import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "../../shared/build-context.ts";
import { contentKey } from "../../shared/content-key.ts";
import { copyFolder } from "../../shared/copy-folder.ts";
import {
  dropLayer,
  type Layer,
  openLayer,
  sameMetadata,
  saveLayer,
  setLaunchEnv,
} from "../../shared/layer-folder.ts";
import { readTool, runTool } from "../../shared/run-tool.ts";
import type { Jdk } from "./provide-jdk.ts";

/** Modules of compilers and other tools, which an app at work does without. */
const TOOL_MODULES =
  /^jdk\.(compiler|javadoc|jshell|jlink|jpackage|jartool|jdeps|jconsole|hotspot\.agent|internal\.(ed|le|opt|md)|editpad|jstatd|incubator\..*|internal\.vm\.compiler.*|graal\.compiler.*|unsupported\.desktop)$/;

/** What `java --list-modules` tells, less the tools: `java.base@17.0.9` a line. */
export function runtimeModules(listed: string): readonly string[] {
  return listed
    .split("\n")
    .map((line) => line.trim().split("@")[0] ?? "")
    .filter((name) => /^(java|jdk)\.[\w.]+$/.test(name) && !TOOL_MODULES.test(name));
}

/**
 * Puts Java into the image as the layer `jre`: a runtime linked from the JDK, the whole JDK where it cannot be linked.
 * `trust` is the key store of the certificates that the base trusts. The same JDK and certificates use the layer of
 * the last build as it is.
 */
export async function makeRuntime(context: BuildContext, jdk: Jdk, trust: Buffer | undefined): Promise<void> {
  const layer = await openLayer(context.layersDir, "jre");
  const release = await readFile(path.join(jdk.home, "release"));
  const metadata = {
    version: jdk.version.text,
    key: contentKey(release, trust ?? ""),
    arch: process.arch,
    buildpack: context.version,
  };
  if (sameMetadata(layer, metadata)) {
    context.log.detail("Using the Java runtime of the last build");
  } else {
    await dropLayer(layer);
    if (!(await linkRuntime(context, jdk, layer))) await copyJdk(context, jdk, layer);
    await addLaunchSettings(context, layer, trust);
  }
  await saveLayer(layer, { launch: true }, metadata);
}

async function linkRuntime(context: BuildContext, jdk: Jdk, layer: Layer): Promise<boolean> {
  const { env, signal, log, appDir: cwd } = context;
  const program = (name: string) => path.join(jdk.home, "bin", name);
  if (!existsSync(program("jlink"))) return false;
  const listed = await readTool({ command: program("java"), args: ["--list-modules"], cwd, env, signal });
  const modules = runtimeModules(listed).join(",");
  const lines: string[] = [];
  log.detail("Linking a runtime for the image (jlink)");
  const code = await runTool({
    command: program("jlink"),
    args: ["--add-modules", modules, "--no-man-pages", "--no-header-files", "--output", layer.dir],
    ...{ cwd, env, signal },
    log: { detail: (line) => lines.push(line) },
  });
  if (code === 0) return true;
  const reason = lines.find((line) => /error/i.test(line)) ?? lines.at(-1) ?? "";
  log.detail(`This JDK cannot be linked (${reason.trim()}); the image gets all of it`);
  await rm(layer.dir, { recursive: true, force: true });
  return false;
}

async function copyJdk(context: BuildContext, jdk: Jdk, layer: Layer): Promise<void> {
  await copyFolder(context, jdk.home, layer.dir);
  for (const name of ["jmods", "demo", "man", "include", "lib/src.zip", "src.zip"])
    await rm(path.join(layer.dir, name), { recursive: true, force: true });
}

async function addLaunchSettings(
  context: BuildContext,
  layer: Layer,
  trust: Buffer | undefined,
): Promise<void> {
  if (trust !== undefined) {
    const store = path.join(layer.dir, "lib", "security", "cacerts");
    await rm(store, { force: true });
    await writeFile(store, trust);
  }
  await setLaunchEnv(layer, { name: "JAVA_HOME", operation: "default", value: layer.dir });
  const folder = path.join(layer.dir, "exec.d");
  await mkdir(folder, { recursive: true });
  await copyFile(
    path.join(context.buildpackDir, "exec.d", "java-options"),
    path.join(folder, "java-options"),
  );
  await chmod(path.join(folder, "java-options"), 0o755);
}
