import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeContext, makeFolder, restoreLayers, runProgram } from "../../shared/buildpack-fixtures.ts";
import { makeFetcher } from "../../shared/verified-download.ts";
import { goRequirement, readGoMod } from "./go-mod-file.ts";
import { provideGo } from "./provide-go.ts";
import { type ServedGo, serveGo } from "./toolchain-fixtures.ts";

const WEEK_MS = 7 * 24 * 3600 * 1000;

let folder: Awaited<ReturnType<typeof makeFolder>>;
const stops: (() => Promise<void>)[] = [];
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await folder.remove();
});

const inLayer = (...names: string[]) => path.join(folder.at, "layers", "toolchain", ...names);

/** A build that needs Go, after what the builds before it have left. */
async function build(goMod: string, served: ServedGo, { sources = "registry", version = "0.1.0" } = {}) {
  const server = await serveGo(served);
  stops.push(server.stop);
  await restoreLayers(path.join(folder.at, "layers")).catch(() => {});
  const { context, output } = await makeContext(folder.at, {
    version,
    env: { ...server.env, CONIFER_RUNTIME_SOURCES: sources.replace("HERE", `${server.address}/dl`) },
  });
  const fetcher = makeFetcher({}, context.signal);
  const read = goRequirement({ goMod: readGoMod(goMod) });
  if (!read.ok) throw new Error(read.text);
  try {
    const go = await provideGo(context, read.requirement, fetcher);
    return { ...go, output: output(), requests: server.requests };
  } finally {
    await fetcher.close();
  }
}

async function saysVersion(): Promise<string> {
  const { output } = await runProgram(inLayer("bin", "go"), [], { cwd: "/", env: process.env });
  return output.trim();
}

const checkedAt = (at: number) => writeFile(inLayer(".checked"), new Date(at).toISOString());

describe("the toolchain", () => {
  it.each(["registry", "go=HERE"])("of %s is unpacked without its tests", async (sources) => {
    const served = { listed: ["1.25.1", "1.25.2"], official: ["1.25.1", "1.25.2"] };
    const go = await build("go 1.25", served, { sources });
    expect([go.version, go.root, await saysVersion()]).toEqual(["1.25.2", inLayer(), "go1.25.2"]);
    expect((await readdir(inLayer(), { recursive: true })).toSorted()).toEqual([
      ...[".checked", "bin", "bin/go", "src", "src/fmt", "src/fmt/print.go", "src/go", "src/go.mod"].filter(
        (name) => name !== "src/go" || existsSync(inLayer(name)),
      ),
    ]);
    const toml = await readFile(`${inLayer()}.toml`, "utf8");
    expect(toml).toMatch(/launch = false\nbuild = false\ncache = true/);
  });

  it("says which version it is and why", async () => {
    const { output } = await build("go 1.25", { listed: ["1.25.2"] });
    expect(output).toBe(
      [
        "       Version asked for: Go 1.25, the newest of its line (the go line of go.mod)",
        "       Using Go 1.25.2 from the Go module proxy",
        "       Fetching Go 1.25.2\n",
      ].join("\n"),
    );
    expect((await build("", { listed: ["1.27.0"] })).output).toContain(
      "No version asked for; taking the newest.",
    );
  });

  it.each([
    [
      "go 1.25\ntoolchain go1.25.9",
      "Go 1.25.9 (the toolchain line of go.mod) is not to be had here; using 1.25.2, of the same line.",
    ],
    [
      "go 1.24",
      "Go 1.24 (the go line of go.mod) is not to be had here; using 1.25.2, the nearest newer line.",
    ],
  ])("for %j is a compromise that is told", async (goMod, words) => {
    expect((await build(goMod, { listed: ["1.25.2", "1.26.0"] })).output).toContain(` !     ${words}`);
  });

  it("is not used when its content is not what its hash says", async () => {
    const spoil = (at: string, body: Buffer) =>
      at.endsWith(".zip")
        ? Buffer.from(
            body.toString("latin1").replaceAll("toolchain@v0.0.1-go1.25.2", "toolchain@v0.0.1-go1.25.3"),
            "latin1",
          )
        : body;
    await expect(build("go 1.25", { listed: ["1.25.2"], spoil })).rejects.toThrow(
      /Go 1\.25\.2 could not be fetched/,
    );
    expect(existsSync(`${inLayer()}.toml`)).toBe(false);
  });
});

describe("a second build", () => {
  const served = { listed: ["1.25.2"] };
  const newer = { listed: ["1.25.2", "1.25.3"] };
  beforeEach(async () => {
    await build("go 1.25", served);
  });

  it("asks and fetches nothing within a week", async () => {
    await checkedAt(Date.now() - WEEK_MS + 60_000);
    const { version, requests, output } = await build("go 1.25", newer);
    expect([version, requests]).toEqual(["1.25.2", []]);
    expect(output).toContain("Using Go 1.25.2, as at the last build");
    expect((await build("go 1.25", newer)).requests).toEqual([]);
  });

  it.each([Date.now() - WEEK_MS - 60_000, Date.now() + 3_600_000])(
    "looks for a newer one after a week (%i)",
    async (at) => {
      await checkedAt(at);
      expect((await build("go 1.25", newer)).version).toBe("1.25.3");
      expect(await saysVersion()).toBe("go1.25.3");
    },
  );

  it("keeps what it has when there is none newer, or nobody answers", async () => {
    await checkedAt(0);
    const same = await build("go 1.25", served);
    expect(same.requests.filter((one) => one.endsWith(".zip"))).toEqual([]);
    await checkedAt(0);
    const { version, output } = await build("go 1.25", { listed: [], spoil: () => Buffer.alloc(0) });
    expect(version).toBe("1.25.2");
    expect(output).toContain("No source could be asked for a newer version; using Go 1.25.2");
  });

  it("never asks for an exact one that is there", async () => {
    await build("go 1.25\ntoolchain go1.25.3", newer);
    await checkedAt(0);
    expect((await build("go 1.25\ntoolchain go1.25.3", newer)).requests).toEqual([]);
  });

  it.each<[string, () => ReturnType<typeof build>]>([
    ["another wish", () => build("go 1.25.1", newer)],
    ["another buildpack", () => build("go 1.25", newer, { version: "0.2.0" })],
    ["other sources", () => build("go 1.25", newer, { sources: "registry go=http://127.0.0.1:9" })],
  ])("looks anew with %s", async (_name, again) => {
    expect((await again()).version).toBe("1.25.3");
  });

  it("that finds a toolchain without a record of it fetches it anew", async () => {
    await mkdir(inLayer("left"), { recursive: true });
    await writeFile(`${inLayer()}.toml`, "[metadata]\n");
    expect((await build("go 1.25", served)).version).toBe("1.25.2");
    expect(existsSync(inLayer("left"))).toBe(false);
  });
});

it("sources that cannot be read are the operator's matter", async () => {
  await expect(build("go 1.25", {}, { sources: "go=ftp://x" })).rejects.toMatchObject({
    advice: ["This is a setting of the operator's."],
  });
});
