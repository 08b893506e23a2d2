import { describe, expect, it } from "vitest";
import { scriptedFetcher } from "./buildpack-fixtures.ts";
import type { NodeSource } from "./node-sources.ts";
import { fetchNodeArchive, resolveNode } from "./resolve-node.ts";

const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });

/** A source with these versions; none when it cannot be reached. */
function source(name: string, versions: readonly string[] | undefined): NodeSource {
  return {
    name,
    versions: async () => {
      if (versions === undefined) throw refused;
      return versions;
    },
    locate: async (version) => {
      if (!versions?.includes(version)) throw new Error(`has no ${version}`);
      return { address: `${name}/${version}`, integrity: "sha256-x" };
    },
  };
}

async function resolve(range: string, sources: readonly NodeSource[]) {
  const notes: string[] = [];
  const found = await resolveNode({ range, statedIn: ".nvmrc" }, sources, (line) => notes.push(line));
  return { ...found, notes };
}

describe("the version of Node.js", () => {
  it("is that of the first source that has one", async () => {
    const sources = [source("a", ["22.1.0"]), source("b", ["24.1.0"]), source("c", ["24.2.0"])];
    expect(await resolve("24.x", sources)).toEqual({ version: "24.1.0", from: "b", notes: [] });
  });

  it("passes over a source that cannot be reached, and says so", async () => {
    expect(await resolve("24.x", [source("a", undefined), source("b", ["24.1.0"])])).toEqual({
      version: "24.1.0",
      from: "b",
      notes: ["Passing over a: the connection was refused."],
    });
  });

  it("that is not to be had is told with those that are", async () => {
    const sources = [source("a", ["24.1.0", "24.0.0", "22.1.0"]), source("b", undefined)];
    await expect(resolve("24.99.x", sources)).rejects.toMatchObject({
      message: [
        "No Node.js version fits 24.99.x (.nvmrc).",
        "  a has 24.1.0, 24.0.0 and others.",
        "  b could not be asked: the connection was refused.",
      ].join("\n"),
      advice: expect.arrayContaining(['  "engines": { "node": "24.x" }']),
    });
  });

  it("cannot be told when nobody answers", async () => {
    await expect(resolve("24.x", [source("a", undefined)])).rejects.toMatchObject({
      message: "No source of Node.js could be reached.\n  a could not be asked: the connection was refused.",
      advice: [expect.stringContaining("CONIFER_RUNTIME_SOURCES")],
    });
  });
});

describe("its archive", () => {
  it("comes from the first source that can give it", async () => {
    const { fetcher } = scriptedFetcher({ "b/24.1.0": "/tmp/archive" });
    const sources = [source("a", []), source("b", ["24.1.0"])];
    expect(await fetchNodeArchive("24.1.0", sources, fetcher)).toBe("/tmp/archive");
  });

  it("that nobody gives is told with every reason", async () => {
    const { fetcher } = scriptedFetcher({ "b/24.1.0": new Error("checksum differs") });
    const sources = [source("a", []), source("b", ["24.1.0"])];
    await expect(fetchNodeArchive("24.1.0", sources, fetcher)).rejects.toMatchObject({
      message: "Node.js 24.1.0 could not be fetched.\n  a: has no 24.1.0.\n  b: checksum differs.",
    });
  });
});
