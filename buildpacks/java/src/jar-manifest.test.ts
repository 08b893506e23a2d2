import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeFolder, writeFiles } from "../../shared/buildpack-fixtures.ts";
import { makeZip } from "../../shared/zip-fixtures.ts";
import { findJars } from "./find-jars.ts";
import { parseManifest, readManifest } from "./jar-manifest.ts";
import { tidyOutput } from "./tidy-output.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

async function putJar(name: string, mainClass?: string): Promise<void> {
  await mkdir(path.dirname(path.join(folder.at, name)), { recursive: true });
  const manifest = `Manifest-Version: 1.0\r\n${mainClass ? `Main-Class: ${mainClass}\r\n` : ""}\r\n`;
  const members = [
    { name: "META-INF/", content: "" },
    { name: "META-INF/MANIFEST.MF", content: manifest },
    { name: "a.class", content: "x", claims: { crc: 1 } },
  ];
  await writeFile(path.join(folder.at, name), makeZip(members));
}

describe("a manifest", () => {
  it("is read up to its first section, lines that go on joined", () => {
    const long =
      "Manifest-Version: 1.0\r\nMain-Class: com.example.a.very.long.pa\r\n ckage.Main\r\nOdd line\r\n\r\nName: other\r\nMain-Class: x\r\n";
    expect(parseManifest(long)).toEqual({
      ...{ "Manifest-Version": "1.0", "Main-Class": "com.example.a.very.long.package.Main" },
    });
    expect(parseManifest("")).toEqual({});
  });

  it("is found without the rest of the jar being read", async () => {
    await putJar("one.jar", "com.example.Main");
    expect(await readManifest(path.join(folder.at, "one.jar"))).toMatchObject({
      "Main-Class": "com.example.Main",
    });
  });

  it("is not there in what is no jar", async () => {
    await writeFiles(folder.at, { "text.jar": "text" });
    await writeFile(path.join(folder.at, "bare.jar"), makeZip([{ name: "x", content: "" }]));
    for (const name of ["text.jar", "bare.jar", "none.jar"])
      expect(await readManifest(path.join(folder.at, name))).toBeUndefined();
  });
});

describe("what a build leaves", () => {
  it("is found in the outputs of all modules, without what lies beside", async () => {
    for (const name of [
      ...[
        "app/target/a.jar",
        "app/target/a-sources.jar",
        "app/web/target/w.war",
        "app/target/quarkus-app/lib/x.jar",
      ],
      ...["app/target/quarkus-app/quarkus-run.jar", "app/svc/build/libs/s.jar", "app/src/target/no.jar"],
      ...[
        "app/target/dependency/lib.jar",
        "app/target/dependency/webapp-runner.jar",
        "app/a/b/c/d/target/deep.jar",
      ],
    ])
      await putJar(name);
    await writeFiles(folder.at, { "app/target/text.jar": "none" });
    const found = await findJars(path.join(folder.at, "app"));
    expect(found.map(({ path: at }) => at)).toEqual([
      ...["target/a.jar", "target/quarkus-app/quarkus-run.jar", "target/dependency/webapp-runner.jar"],
      ...["svc/build/libs/s.jar", "web/target/w.war"],
    ]);
  });

  it("is cleared of what no app reads", async () => {
    const at = path.join(folder.at, "tidy");
    await writeFiles(at, {
      ...{
        "target/a.jar": "",
        "target/a.jar.original": "",
        "target/maven-status/x": "",
        "web/build/tmp/x": "",
      },
      ...{ "web/build/libs/b.jar": "", ".gradle/x": "", "src/maven-status": "", "target/classes/tmp/x": "" },
    });
    await tidyOutput(at);
    const { readdir } = await import("node:fs/promises");
    const left = (await readdir(at, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(at, path.join(entry.parentPath, entry.name)));
    expect(left.toSorted()).toEqual([
      "src/maven-status",
      "target/a.jar",
      "target/classes/tmp/x",
      "web/build/libs/b.jar",
    ]);
  });
});
