import { chmod, mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeContext, makeFolder, restoreLayers, writeFiles } from "../../shared/buildpack-fixtures.ts";
import { makeRuntime, runtimeModules } from "./make-runtime.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());

/** A JDK whose programs are scripts; its jlink does what it is told. */
async function makeJdk(jlink: string | undefined): Promise<string> {
  const home = path.join(folder.at, "jdk");
  const programs: Record<string, string> = {
    "bin/java": "#!/bin/sh\necho java.base@17; echo java.sql@17; echo jdk.compiler@17; echo odd\n",
    ...(jlink === undefined ? {} : { "bin/jlink": `#!/bin/sh\n${jlink}\n` }),
  };
  await writeFiles(home, {
    ...programs,
    release: 'JAVA_VERSION="17"',
    "lib/security/cacerts": "jdk",
    "jmods/x": "x",
  });
  for (const name of Object.keys(programs)) await chmod(path.join(home, name), 0o755);
  return home;
}

const LINKS =
  'for last; do :; done; mkdir -p "$last/lib/security"; echo "$*" > "$last/args"; echo linked > "$last/lib/security/cacerts"';

async function runtime(home: string, trust?: Buffer, version = "0.1.0") {
  await restoreLayers(path.join(folder.at, "layers")).catch(() => {});
  const { context, output } = await makeContext(folder.at, { version });
  await writeFiles(context.buildpackDir, { "exec.d/java-options": "#!/bin/sh\n" });
  await mkdir(context.layersDir, { recursive: true });
  await makeRuntime(context, { home, version: { text: "17.0.9", parts: [17, 0, 9] } }, trust);
  const read = (name: string) =>
    readFile(path.join(context.layersDir, "jre", name), "utf8").catch(() => undefined);
  return { output: output(), read, toml: await readFile(path.join(context.layersDir, "jre.toml"), "utf8") };
}

describe("the runtime of the image", () => {
  it("is linked from the JDK's modules, less its tools", async () => {
    const { read, toml } = await runtime(await makeJdk(LINKS), Buffer.from("trusted"));
    expect(await read("args")).toMatch(
      /^--add-modules java\.base,java\.sql --no-man-pages --no-header-files --output \S+\/jre\n$/,
    );
    expect(await read("lib/security/cacerts")).toBe("trusted");
    expect(await read("env.launch/JAVA_HOME.default")).toBe(path.join(folder.at, "layers", "jre"));
    expect(await read("exec.d/java-options")).toContain("#!/bin/sh");
    expect(toml).toMatch(/launch = true\nbuild = false\ncache = false/);
  });

  it.each([
    ["whose programs cannot link it", "echo 'Error: no modules'; exit 1", "(Error: no modules)"],
    ["without such a program", undefined, ""],
  ])("is all of a JDK %s", async (_name, jlink, words) => {
    const { read, output } = await runtime(await makeJdk(jlink));
    expect(output).toContain(words);
    expect([await read("release"), await read("jmods/x"), await read("lib/security/cacerts")]).toEqual([
      ...['JAVA_VERSION="17"', undefined, "jdk"],
    ]);
  });

  it("is that of the last build for the same JDK and certificates", async () => {
    const home = await makeJdk(LINKS);
    const trust = Buffer.from("trusted");
    await runtime(home, trust);
    const again = await runtime(home, trust);
    expect(again.output).toContain("Using the Java runtime of the last build");
    expect(await again.read("args")).toBeUndefined();
    expect(await (await runtime(home, Buffer.from("others"))).read("args")).toBeDefined();
    expect(await (await runtime(home, Buffer.from("others"), "0.2.0")).read("args")).toBeDefined();
  });
});

it("modules are read from what java lists", () => {
  expect(
    runtimeModules("java.base@25.0.3\njdk.jlink@25\njdk.internal.vm.compiler@17\njdk.net@25\n\nwarning: x\n"),
  ).toEqual([...["java.base", "jdk.net"]]);
});
