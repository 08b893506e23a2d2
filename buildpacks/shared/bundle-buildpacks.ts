import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, copyFile, cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "smol-toml";

const BUILDPACKS = path.resolve(import.meta.dirname, "..");

const PACKAGES = { id: "conifer/deb-packages", optional: true };
const PROFILE = { id: "conifer/profile", optional: true };

/** Our buildpacks in the order a lifecycle tries them: the first group whose required members pass is taken. */
const ORDER: readonly (readonly { readonly id: string; readonly optional?: boolean }[])[] = [
  withAny("python"),
  withAny("ruby"),
  withAny("java"),
  withAny("go"),
  withAny("php"),
  withAny("nodejs"),
  withAny("static"),
  // Programs that are in the source as they run, or that a package of the base's release brings.
  [PACKAGES, { id: "conifer/procfile" }, PROFILE],
];

function withAny(name: string) {
  return [PACKAGES, { id: `conifer/${name}` }, { id: "conifer/procfile", optional: true }, PROFILE];
}

const FOLDERS = [
  ...(["classic", "procfile", "profile", "deb-packages", "nodejs", "python", "ruby", "go", "java"] as const),
  ...(["php", "static"] as const),
] as const;

/** Those whose dynos are told how many workers fit. */
const WITH_CONCURRENCY: readonly string[] = ["nodejs", "python", "php", "static"];

export interface BundledBuildpack {
  readonly id: string;
  readonly version: string;
  /** `<target>/<id with / as _>/<version>`, as in a CNB builder image's /cnb/buildpacks. */
  readonly dir: string;
}

export interface BundledBuildpacks {
  readonly buildpacks: readonly BundledBuildpack[];
  /** The order definition, a TOML file that a detector takes. */
  readonly orderFile: string;
}

/**
 * Makes the folders a lifecycle runs: each buildpack's own files and, unless it is a shell program among them, its
 * `bin/build` as one file that needs nothing but Node.js 24 on PATH. Nothing is done when the target was made from the same content; a broken-off run leaves the
 * last good folders. Two runs at once on one target are not for this function to keep apart.
 */
export async function bundleBuildpacks(targetDir: string): Promise<BundledBuildpacks> {
  const target = path.resolve(targetDir);
  const buildpacks = await Promise.all(
    FOLDERS.map(async (folder) => ({ folder, ...(await describeBuildpack(folder, target)) })),
  );
  const orderFile = path.join(target, "order.toml");
  const result = { buildpacks: buildpacks.map(({ id, version, dir }) => ({ id, version, dir })), orderFile };
  const key = await sourceKey();
  const stamp = path.join(target, ".content");
  if (
    (await readFile(stamp, "utf8").catch(() => "")) === key &&
    buildpacks.every(({ dir }) => existsSync(dir))
  ) {
    return result;
  }
  await rm(stamp, { force: true });
  try {
    for (const { folder, dir } of buildpacks) await bundleOne(folder, dir);
  } finally {
    // The bundler is a process of its own that would stay.
    await (await import("esbuild")).stop();
  }
  await writeFile(orderFile, orderText(buildpacks));
  await writeFile(stamp, key);
  return result;
}

async function describeBuildpack(folder: string, target: string): Promise<BundledBuildpack> {
  const descriptor = parse(await readFile(path.join(BUILDPACKS, folder, "buildpack.toml"), "utf8"));
  const { id, version } = descriptor.buildpack as { readonly id: string; readonly version: string };
  return { id, version, dir: path.join(target, id.replaceAll("/", "_"), version) };
}

async function bundleOne(folder: string, dir: string): Promise<void> {
  const source = path.join(BUILDPACKS, folder);
  const fresh = `${dir}.fresh`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(path.join(fresh, "bin"), { recursive: true });
  await copyFile(path.join(source, "buildpack.toml"), path.join(fresh, "buildpack.toml"));
  await cp(path.join(source, "bin"), path.join(fresh, "bin"), { recursive: true });
  if (!existsSync(path.join(source, "bin", "build")))
    await bundleProgram(folder, path.join(fresh, "bin", "build"));
  if (WITH_CONCURRENCY.includes(folder)) {
    await mkdir(path.join(fresh, "exec.d"));
    const hook = path.join(fresh, "exec.d", "web-concurrency");
    await copyFile(path.join(BUILDPACKS, "shared", "web-concurrency.sh"), hook);
    await chmod(hook, 0o755);
  }
  if (existsSync(path.join(source, "exec.d")))
    await cp(path.join(source, "exec.d"), path.join(fresh, "exec.d"), { recursive: true });
  if (folder === "php")
    await cp(path.join(source, "launch"), path.join(fresh, "launch"), { recursive: true });
  if (folder === "static" || folder === "nodejs") {
    const program = path.join(BUILDPACKS, "static", "launch", "static-server.ts");
    await bundleServer(program, path.join(fresh, "launch", "static-server.mjs"));
  }
  for (const name of await readdir(path.join(fresh, "bin")))
    await chmod(path.join(fresh, "bin", name), 0o755);
  await rm(dir, { recursive: true, force: true });
  await rename(fresh, dir);
}

async function bundleProgram(folder: string, outfile: string): Promise<void> {
  const esbuild = await import("esbuild");
  await esbuild.build({
    stdin: {
      contents:
        `import { runBuild } from "./shared/build-context.ts";\n` +
        `import { build } from "./${folder}/src/${folder}-build.ts";\n` +
        "void runBuild(build);\n",
      resolveDir: BUILDPACKS,
      sourcefile: `${folder}-program.ts`,
      loader: "ts",
    },
    outfile,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    // minipass-fetch offers other character sets through this package; registries answer in UTF-8.
    external: ["encoding"],
    banner: { js: "#!/usr/bin/env node" },
    logLevel: "warning",
  });
}

/** A program that images get, for whatever supported Node.js they have. */
async function bundleServer(program: string, outfile: string): Promise<void> {
  const esbuild = await import("esbuild");
  await esbuild.build({
    entryPoints: [program],
    outfile,
    bundle: true,
    platform: "node",
    target: "node18",
    format: "esm",
    // Older lines of Node.js do not know it, and here it is always so.
    define: { "import.meta.main": "true" },
    legalComments: "none",
    logLevel: "warning",
  });
}

/** Changes when anything that goes into the folders does, the pinned npm packages included. */
async function sourceKey(): Promise<string> {
  const hash = createHash("sha256");
  const files = (await readdir(BUILDPACKS, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !/\.test\.ts$|-fixtures\.ts$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) =>
      ([...FOLDERS, "shared"] as readonly string[]).includes(
        path.relative(BUILDPACKS, file).split(path.sep)[0] ?? "",
      ),
    )
    .sort();
  for (const file of [...files, path.resolve(BUILDPACKS, "..", "package-lock.json")]) {
    hash
      .update(`${path.relative(BUILDPACKS, file)}\0`)
      .update(await readFile(file))
      .update("\0");
  }
  return hash.digest("hex");
}

function orderText(buildpacks: readonly BundledBuildpack[]): string {
  const versions = new Map(buildpacks.map(({ id, version }) => [id, version]));
  const groups = ORDER.map((group) => {
    const members = group.map(
      ({ id, optional }) =>
        `[[order.group]]\nid = "${id}"\nversion = "${versions.get(id)}"\n${optional ? "optional = true\n" : ""}`,
    );
    return `[[order]]\n${members.join("")}`;
  });
  return groups.join("\n");
}
