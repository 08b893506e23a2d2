import { createHash } from "node:crypto";
import { chmod, mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  makeContext,
  makeFolder,
  restoreLayers,
  runProgram,
  startServer,
  writeFiles,
} from "../../shared/buildpack-fixtures.ts";
import { makeFetcher } from "../../shared/verified-download.ts";
import { providePython } from "./provide-python.ts";
import { type PythonStatements, pythonRequirement } from "./python-version.ts";

// A mirror with archives in the form of python-build-standalone, whose Pythons are small scripts.

const ARCH = process.arch === "arm64" ? "aarch64" : "x86_64";

let folder: Awaited<ReturnType<typeof makeFolder>>;
let mirror: Awaited<ReturnType<typeof startServer>>;
const served = new Map<string, Buffer>();
beforeEach(async () => {
  folder = await makeFolder();
  served.clear();
  mirror = await startServer((request, response) => {
    const body = served.get(decodeURIComponent(request.url ?? ""));
    response.writeHead(body ? 200 : 404).end(body);
  });
  await mkdir(path.join(folder.at, "base"));
});
afterEach(async () => {
  await mirror.stop();
  await folder.remove();
});

async function putPython(file: string, version: string): Promise<void> {
  await writeFiles(folder.at, { [file]: `#!/bin/sh\necho ${version}\n` });
  await chmod(path.join(folder.at, file), 0o755);
}

const onBase = (version: string) => putPython(`base/python${version.replace(/\.\d+$/, "")}`, version);

/** Adds an archive to the release of the mirror. */
async function onMirror(version: string, change = ""): Promise<void> {
  await putPython(`made/${version}/python/bin/python${version.replace(/\.\d+$/, "")}`, version);
  const archive = path.join(folder.at, `${version}.tar.gz`);
  const args = ["-czf", archive, "-C", path.join(folder.at, "made", version), "python"];
  await runProgram("tar", args, { cwd: folder.at, env: process.env });
  const name = `cpython-${version}+20261101-${ARCH}-unknown-linux-gnu-install_only_stripped.tar.gz`;
  const content = await readFile(archive);
  const sum = createHash("sha256").update(content).digest("hex");
  served.set(`/r/${name}`, Buffer.concat([content, Buffer.from(change)]));
  served.set("/r/SHA256SUMS", Buffer.from(`${served.get("/r/SHA256SUMS") ?? ""}${sum}  ${name}\n`));
}

async function provide(stated: PythonStatements, sources = `python=${mirror.address}/r`) {
  const env = { PATH: process.env.PATH, CONIFER_RUNTIME_SOURCES: sources };
  const { context, output } = await makeContext(folder.at, { env });
  await restoreLayers(context.layersDir);
  const read = pythonRequirement(stated);
  if (!read.ok) throw new Error(read.text);
  const fetcher = makeFetcher(env, context.signal);
  const use = { fetcher, baseFolder: path.join(folder.at, "base") };
  try {
    const python = await providePython(context, read.requirement, use);
    return { python, output: output(), failure: undefined };
  } catch (thrown) {
    return { python: undefined, output: output(), failure: thrown as Error & { advice: readonly string[] } };
  } finally {
    await fetcher.close();
  }
}

describe("a Python of the base", () => {
  it.each<[PythonStatements, string, string]>([
    [{}, "3.11.2", "No version asked for; using the base's Python 3.11.2."],
    [{ versionFile: "3.9" }, "3.9.18", "Using Python 3.9.18, as .python-version asks (3.9)"],
    [{ versionFile: "3.11.2" }, "3.11.2", "Using Python 3.11.2, as .python-version asks\n"],
    [{ requiresPython: ">=3.9,<3.11" }, "3.9.18", "as requires-python in pyproject.toml asks (>=3.9,<3.11)"],
  ])("is taken for %j, and nothing is asked", async (stated, version, said) => {
    await onBase("3.9.18");
    await onBase("3.11.2");
    const { python, output } = await provide(stated);
    expect(python?.version).toBe(version);
    expect(output).toContain(said);
    expect(mirror.requests).toEqual([]);
  });

  it("of the same line stands in, with a warning, for a patch level that nobody has", async () => {
    await onBase("3.11.2");
    const { python, output } = await provide({ runtimeFile: "python-3.11.99" });
    expect(python?.version).toBe("3.11.2");
    expect(output).toContain(
      " !     Python 3.11.99 (runtime.txt) is not to be had here; using 3.11.2 of the same line.",
    );
  });

  it("is all there is where no source of Python is listed", async () => {
    await onBase("3.11.2");
    expect((await provide({}, "nodejs=https://mirror.example registry")).python?.version).toBe("3.11.2");
    const { failure } = await provide({ versionFile: "3.12" }, "registry");
    expect(failure?.message).toBe("Python 3.12 (.python-version) is not to be had here.");
    expect(failure?.advice[0]).toContain("Versions that are: 3.11.2. Change .python-version");
  });
});

describe("a Python of a mirror", () => {
  it("is fetched when the base has none that fits, and kept", async () => {
    await onBase("3.11.2");
    await onMirror("3.12.8");
    await onMirror("3.13.1");
    const first = await provide({ versionFile: "3.12" });
    const program = path.join(folder.at, "layers/python/bin/python3.12");
    expect(first.python).toEqual({ program, version: "3.12.8" });
    expect(first.output).toContain(
      `Using Python 3.12.8 from the mirror ${mirror.address}/r, as .python-version asks`,
    );
    expect((await runProgram(program, [], { cwd: "/", env: process.env })).output).toBe("3.12.8\n");
    const asked = mirror.requests.length;
    const again = await provide({ versionFile: "3.12" });
    expect(again.python).toEqual(first.python);
    expect(again.output).toBe("       Using Python 3.12.8, as at the last build\n");
    expect(mirror.requests.length).toBe(asked);
  });

  it("is looked for again after a week, and fetched when it is newer", async () => {
    await onMirror("3.12.8");
    await provide({ versionFile: "3.12" });
    await onMirror("3.12.9");
    await writeFiles(folder.at, { "layers/python-check/checked": "2020-01-01T00:00:00Z" });
    expect((await provide({ versionFile: "3.12" })).python?.version).toBe("3.12.9");
  });

  it("is another when the app asks for another, and goes when the base's fits", async () => {
    await onBase("3.11.2");
    await onMirror("3.12.8");
    await onMirror("3.13.1");
    await provide({ versionFile: "3.12" });
    expect((await provide({ versionFile: "3.13" })).python?.version).toBe("3.13.1");
    expect((await provide({})).python?.version).toBe("3.11.2");
    expect((await provide({ versionFile: "3.13" })).output).toContain("Fetching Python 3.13.1");
  });

  it("has the exact patch level that the base lacks", async () => {
    await onBase("3.11.2");
    await onMirror("3.11.9");
    expect((await provide({ versionFile: "3.11.9" })).python?.version).toBe("3.11.9");
  });

  it("of the same line will do where the base has none of it", async () => {
    await onMirror("3.12.8");
    const { python, output } = await provide({ versionFile: "3.12.1" });
    expect(python?.version).toBe("3.12.8");
    expect(output).toContain("Python 3.12.1 (.python-version) is not to be had here; using 3.12.8");
  });

  it("whose content is not what its checksum says is not used", async () => {
    await onMirror("3.12.8", "spoiled");
    const { failure } = await provide({ versionFile: "3.12" });
    expect(failure?.message).toContain("Python 3.12.8 could not be fetched");
    expect(failure?.advice[0]).toContain("broken mirror or proxy");
  });
});

describe("a Python that nobody has", () => {
  it("is told with those that are to be had", async () => {
    await onBase("3.11.2");
    await onMirror("3.12.8");
    const { failure } = await provide(
      { versionFile: "3.99" },
      `python=http://127.0.0.1:1 python=${mirror.address}/r`,
    );
    expect(failure?.message).toContain("Python 3.99 (.python-version) is not to be had here.");
    expect(failure?.message).toContain("http://127.0.0.1:1 could not be asked: the connection was refused.");
    expect(failure?.message).toContain(`the mirror ${mirror.address}/r has 3.12.8.`);
    expect(failure?.advice.join("\n")).toContain("Versions that are: 3.11.2.");
  });

  it("is told to the operator where there is none at all", async () => {
    const { failure } = await provide({}, "registry");
    expect(failure?.message).toBe("This machine's base has no Python 3.");
    expect(failure?.advice[0]).toContain("apt-get install python3");
  });

  it("is the operator's to set right when the list of sources cannot be read", async () => {
    expect((await provide({ versionFile: "3.99" }, "elsewhere")).failure?.message).toContain('"elsewhere"');
  });
});
