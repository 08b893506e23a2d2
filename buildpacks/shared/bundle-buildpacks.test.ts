import { existsSync } from "node:fs";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "smol-toml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeFolder, runProgram } from "./buildpack-fixtures.ts";
import { type BundledBuildpacks, bundleBuildpacks } from "./bundle-buildpacks.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
let target: string;
let bundled: BundledBuildpacks;
beforeAll(async () => {
  folder = await makeFolder();
  target = path.join(folder.at, "packs");
  bundled = await bundleBuildpacks(target);
}, 60_000);
afterAll(() => folder.remove());

const folderOf = (id: string) => bundled.buildpacks.find((one) => one.id === `conifer/${id}`)?.dir ?? "";
const madeAt = async (id: string) => (await stat(path.join(folderOf(id), "bin", "build"))).ctimeMs;

describe("the folders a lifecycle runs", () => {
  it("lie as in a builder image", () => {
    expect(bundled.buildpacks.map(({ id }) => id).toSorted()).toEqual([
      ...[
        "conifer/classic",
        "conifer/deb-packages",
        "conifer/go",
        "conifer/java",
        "conifer/nodejs",
        "conifer/php",
        "conifer/procfile",
        "conifer/profile",
        "conifer/python",
        "conifer/ruby",
        "conifer/static",
      ],
    ]);
    for (const { id, version, dir } of bundled.buildpacks) {
      expect(dir).toBe(path.join(target, id.replace("/", "_"), version));
    }
  });

  it.each([
    ...["deb-packages", "go", "java", "nodejs", "php", "procfile", "profile", "python", "ruby", "static"],
  ])("of %s have descriptor and programs", async (id) => {
    const descriptor = parse(await readFile(path.join(folderOf(id), "buildpack.toml"), "utf8"));
    expect(descriptor).toMatchObject({ api: "0.10", buildpack: { id: `conifer/${id}` } });
    for (const program of ["bin/detect", "bin/build"]) {
      expect((await stat(path.join(folderOf(id), program))).mode & 0o111).toBe(0o111);
    }
  });

  it("have what goes into images", async () => {
    for (const id of ["nodejs", "php", "python", "static"]) {
      expect(existsSync(path.join(folderOf(id), "exec.d", "web-concurrency"))).toBe(true);
    }
    expect(existsSync(path.join(folderOf("java"), "exec.d", "java-options"))).toBe(true);
    for (const file of ["php.ini", "php-web.sh", "heroku-php-apache2", "heroku-php-nginx"]) {
      expect(existsSync(path.join(folderOf("php"), "launch", file))).toBe(true);
    }
    for (const id of ["static", "nodejs"]) {
      const server = path.join(folderOf(id), "launch", "static-server.mjs");
      // Lines of Node.js before 24 know nothing of it, and would not start the server.
      expect(await readFile(server, "utf8")).not.toContain("import.meta.main");
    }
  });

  it("are tried in an order that ends with plain files and a Procfile alone", async () => {
    const order = parse(await readFile(bundled.orderFile, "utf8")).order as { group: { id: string }[] }[];
    expect(order.map(({ group }) => group.map(({ id }) => id))).toEqual([
      ...["python", "ruby", "java", "go", "php", "nodejs", "static"].map((id) => [
        ...["conifer/deb-packages", `conifer/${id}`, "conifer/procfile", "conifer/profile"],
      ]),
      ["conifer/deb-packages", "conifer/procfile", "conifer/profile"],
    ]);
    expect(order.at(-1)?.group[1]).not.toHaveProperty("optional");
    expect(order[0]?.group[0]).toMatchObject({ optional: true, version: "0.1.0" });
    expect(order[0]?.group[1]).not.toHaveProperty("optional");
  });

  it("need nothing but Node.js", async () => {
    await mkdir(path.join(folder.at, "app"));
    const env = { PATH: `${path.dirname(process.execPath)}:/usr/bin:/bin` };
    const run = await runProgram(path.join(folderOf("procfile"), "bin", "build"), ["layers"], {
      cwd: path.join(folder.at, "app"),
      env,
    });
    expect(run.code).toBe(1);
    expect(run.output).toContain("no such file or directory, open");
  });
});

describe("a second run", () => {
  it("does nothing", async () => {
    const before = await madeAt("nodejs");
    expect(await bundleBuildpacks(target)).toEqual(bundled);
    expect(await madeAt("nodejs")).toBe(before);
  });

  it.each<[string, () => Promise<unknown>]>([
    ["made of other content", () => writeFile(path.join(target, ".content"), "other")],
    ["lost", () => rm(folderOf("static"), { recursive: true })],
    [
      "broken off",
      async () => {
        await rm(path.join(target, ".content"));
        const fresh = `${folderOf("nodejs")}.fresh`;
        await mkdir(path.join(fresh, "bin"), { recursive: true });
        await writeFile(path.join(fresh, "bin", "build"), "half");
      },
    ],
  ])("makes folders anew that were %s", async (_name, spoil) => {
    const before = await madeAt("nodejs");
    await spoil();
    await bundleBuildpacks(target);
    expect(await madeAt("nodejs")).toBeGreaterThan(before);
    expect(existsSync(`${folderOf("nodejs")}.fresh`)).toBe(false);
    expect(existsSync(path.join(folderOf("static"), "bin", "build"))).toBe(true);
  });
});
