import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
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
import { type JavaRequirement, parseJavaVersion } from "./java-version.ts";
import { provideJdk } from "./provide-jdk.ts";

const ARCH = process.arch === "arm64" ? "aarch64" : "x64";

let folder: Awaited<ReturnType<typeof makeFolder>>;
let archive: Buffer;
const stops: (() => Promise<void>)[] = [];
beforeEach(async () => {
  folder = await makeFolder();
  await writeFiles(folder.at, {
    ...{
      "made/jdk-21.0.2+13/bin/javac": "javac",
      "made/jdk-21.0.2+13/release": "x",
      "made/jdk-21.0.2+13/demo/x": "x",
    },
  });
  const made = await runProgram("tar", ["-czf", "../jdk.tgz", "jdk-21.0.2+13"], {
    cwd: path.join(folder.at, "made"),
    env: { PATH: process.env.PATH },
  });
  expect(made.code).toBe(0);
  archive = await readFile(path.join(folder.at, "jdk.tgz"));
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await folder.remove();
});

const version = (text: string) => parseJavaVersion(text) ?? { text, parts: [] };
const wish = (text: string, newerLines = false): JavaRequirement => ({
  ...{ wanted: version(text), statedIn: "system.properties", newerLines },
});

/** The documents of Adoptium's API for these releases, and the archive of each. */
async function adoptium(releases: Readonly<Record<number, readonly string[]>>, spoiled = false) {
  const checksum = createHash("sha256").update(archive).digest("hex");
  const server = await startServer((request, response) => {
    const at = request.url ?? "";
    const feature = /^\/v3\/assets\/feature_releases\/(\d+)\/ga\?/.exec(at)?.[1];
    if (at === "/v3/info/available_releases") {
      return void response.end(JSON.stringify({ available_releases: Object.keys(releases).map(Number) }));
    }
    if (at === "/archives/jdk.tgz") return void response.end(spoiled ? "other" : archive);
    if (feature === undefined) return void response.writeHead(404).end("{}");
    const found = (releases[Number(feature)] ?? []).map((one) => ({
      version_data: { semver: one, openjdk_version: one },
      binaries: [
        { architecture: "s390x", image_type: "jdk", package: { link: "/no", checksum } },
        { architecture: ARCH, image_type: "jre", package: { link: "/no", checksum } },
        { architecture: ARCH, image_type: "jdk", package: { link: "archives/jdk.tgz", checksum } },
      ],
    }));
    response.end(JSON.stringify([...found, { version_data: {}, binaries: [] }]));
  });
  stops.push(server.stop);
  return server;
}

interface Provided {
  readonly base?: readonly string[];
  readonly sources?: string;
}

async function provide(
  requirement: JavaRequirement,
  { base = [], sources = "java=http://127.0.0.1:9" }: Provided,
) {
  await restoreLayers(path.join(folder.at, "layers")).catch(() => {});
  const env = { PATH: process.env.PATH, CONIFER_RUNTIME_SOURCES: sources };
  const { context, output } = await makeContext(folder.at, { env });
  const fetcher = makeFetcher({}, context.signal);
  const known = base.map((text) => ({ home: `/jvm/${text}`, version: version(text) }));
  try {
    const jdk = await provideJdk(context, requirement, { fetcher, known });
    return { home: jdk.home, version: jdk.version.text, output: output() };
  } finally {
    await fetcher.close();
  }
}

describe("the JDK of a build", () => {
  it("is the base's where it fits, and nobody is asked", async () => {
    const { address, requests } = await adoptium({ 21: ["21.0.2+13"] });
    const found = await provide(wish("17"), { base: ["17.0.15", "25.0.3"], sources: `java=${address}` });
    expect(found).toEqual({
      ...{ home: "/jvm/17.0.15", version: "17.0.15" },
      output: "       Version asked for: 17 (system.properties)\n       Using Java 17.0.15 from the base\n",
    });
    expect(requests).toEqual([]);
    const any = await provide({ newerLines: true }, { base: ["24.0.1", "17.0.15"] });
    expect([any.version, any.output.includes("No version asked for")]).toEqual(["17.0.15", true]);
  });

  it("is fetched where the base has no such, and kept", async () => {
    const { address, requests } = await adoptium({ 17: [], 21: ["21.0.3+1", "21.0.2+13-LTS"] });
    const sources = `registry java=${address}`;
    const found = await provide(wish("21.0.2"), { base: ["17.0.15"], sources });
    expect(found).toMatchObject({ home: path.join(folder.at, "layers", "jdk"), version: "21.0.2+13-LTS" });
    expect([
      existsSync(path.join(found.home, "bin/javac")),
      existsSync(path.join(found.home, "demo")),
    ]).toEqual([true, false]);
    expect(requests.at(-1)).toBe("GET /archives/jdk.tgz");
    const asked = requests.length;
    const again = await provide(wish("21.0.2"), { base: ["17.0.15"], sources });
    expect(again.output).toContain("Using Java 21.0.2+13-LTS, as at the last build");
    expect(requests.length).toBe(asked);
    expect((await provide(wish("21.0.3"), { sources })).version).toBe("21.0.3+1");
  });

  it("is the newest with long-term support where nothing is asked for", async () => {
    const { address } = await adoptium({ 21: ["21.0.2+13"], 24: ["24.0.1"] });
    expect((await provide({ newerLines: true }, { sources: `java=${address}` })).version).toBe("21.0.2+13");
  });

  it.each<[string, JavaRequirement, Provided, string, string]>([
    [
      "of the same line",
      wish("17.0.99"),
      { base: ["17.0.15"] },
      "17.0.15",
      "using 17.0.15, of the same line.",
    ],
    [
      "the nearest newer line",
      wish("11", true),
      { base: ["25.0.3", "17.0.15"] },
      "17.0.15",
      "using 17.0.15, the nearest newer line.",
    ],
  ])("is one %s, with a warning", async (_name, requirement, provided, expected, words) => {
    const found = await provide(requirement, provided);
    expect(found.version).toBe(expected);
    expect(found.output).toContain("Passing over the mirror http://127.0.0.1:9: the connection was refused.");
    expect(found.output).toContain(words);
  });

  it("that nobody has is told with those there are", async () => {
    const { address } = await adoptium({ 21: ["21.0.2+13"] });
    const sources = `java=http://127.0.0.1:9 java=${address}`;
    await expect(provide(wish("18"), { base: ["17.0.15", "25.0.3"], sources })).rejects.toMatchObject({
      message: [
        "Java 18 (system.properties) is not to be had.",
        "  The base has 25.0.3, 17.0.15.",
        `  the mirror ${address} has 21.0.2+13.`,
        "  the mirror http://127.0.0.1:9 could not be asked: the connection was refused.",
      ].join("\n"),
    });
    await expect(provide({ newerLines: true }, {})).rejects.toThrow(
      "No JDK is to be had.\n  The base has no JDK.",
    );
  });

  it("is not used when its checksum differs", async () => {
    const { address } = await adoptium({ 21: ["21.0.2+13"] }, true);
    await expect(provide(wish("21"), { sources: `java=${address}` })).rejects.toThrow(
      /Java 21\.0\.2\+13 could not be fetched/,
    );
    expect(existsSync(path.join(folder.at, "layers", "jdk.toml"))).toBe(false);
  });

  it("does not come from a setting that cannot be read", async () => {
    await expect(provide(wish("21"), { sources: "java=nowhere" })).rejects.toMatchObject({
      advice: ["This is a setting of the operator's."],
    });
  });
});
