import { describe, expect, it } from "vitest";
import type { GoSource } from "./go-sources.ts";
import { type GoRequirement, parseGoVersion } from "./go-version.ts";
import { fetchGo, resolveGo } from "./resolve-go.ts";

const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });

/** A source with these versions; undefined when it cannot be reached. */
function source(name: string, versions: readonly string[] | undefined): GoSource & { asked: unknown[] } {
  const asked: unknown[] = [];
  return {
    name,
    asked,
    versions: async (exact) => {
      asked.push(exact);
      if (versions === undefined) throw refused;
      return versions;
    },
    fetch: async (version) => {
      if (!versions?.includes(version)) throw new Error(`has no ${version}`);
      return { kind: "tar", file: `${name}/${version}` };
    },
  };
}

function requirement(form: "line" | "exact", text: string): GoRequirement {
  const wanted = parseGoVersion(text);
  if (wanted === undefined) throw new Error(text);
  return { form, wanted, stated: `Go ${text}`, statedIn: "the go line of go.mod", newerLines: true };
}

async function resolve(asked: GoRequirement, sources: readonly GoSource[]) {
  const notes: string[] = [];
  return { ...(await resolveGo(asked, sources, (line) => notes.push(line))), notes };
}

describe("the version of Go", () => {
  it("is that of the first source that has one", async () => {
    const sources = [
      source("a", undefined),
      source("b", ["1.24.0"]),
      source("c", ["1.25.1"]),
      source("d", ["1.25.2"]),
    ];
    expect(await resolve(requirement("line", "1.25"), sources)).toEqual({
      ...{ version: "1.25.1", from: "c", notes: ["Passing over a: the connection was refused."] },
    });
    expect(sources.map(({ asked }) => asked)).toEqual([[undefined], [undefined], [undefined], []]);
  });

  it("is the very one where any source has it, else one near it of the first that has such", async () => {
    const sources = [source("a", ["1.25.4"]), source("b", ["1.25.9", "1.25.3"])];
    expect(await resolve(requirement("exact", "1.25.3"), sources)).toMatchObject({
      version: "1.25.3",
      from: "b",
    });
    expect(sources[0]?.asked).toEqual(["1.25.3"]);
    expect(await resolve(requirement("exact", "1.25.5"), sources)).toMatchObject({
      ...{ version: "1.25.4", from: "a", compromise: "another patch level" },
    });
  });

  it("that nobody has is told with what there is, and what is demanded", async () => {
    const least = parseGoVersion("1.98.1");
    const asked = { ...requirement("line", "1.98"), ...(least && { least }) };
    const failure = resolve(asked, [
      source("a", undefined),
      source("b", ["1.25.1", "1.24.0"]),
      source("c", []),
    ]);
    await expect(failure).rejects.toMatchObject({
      message: [
        "Go 1.98 (the go line of go.mod) is not to be had.",
        "  The go line demands Go 1.98.1 at least.",
        "  a could not be asked: the connection was refused.",
        "  b has 1.25.1, 1.24.0.",
        "  c has none.",
      ].join("\n"),
      advice: ["Ask for one of them by the go line of go.mod, for example:", "  go mod edit -go=1.25"],
    });
  });

  it("cannot be known when no source can be reached", async () => {
    await expect(resolve(requirement("line", "1.25"), [source("a", undefined)])).rejects.toMatchObject({
      message: "No source of Go could be reached.\n  a could not be asked: the connection was refused.",
    });
  });
});

describe("a toolchain", () => {
  it("is taken from the first source that gives one that is good", async () => {
    const taken: string[] = [];
    await fetchGo(
      "1.25.1",
      [source("a", []), source("b", ["1.25.1"]), source("c", ["1.25.1"])],
      async ({ file }) => {
        taken.push(file);
        if (file.startsWith("b")) throw new Error("its content hashes to another");
      },
    );
    expect(taken).toEqual(["b/1.25.1", "c/1.25.1"]);
  });

  it("that nobody gives is told with everybody's reason", async () => {
    const failure = fetchGo("1.25.1", [source("a", []), source("b", undefined)], async () => {});
    await expect(failure).rejects.toThrow(
      "Go 1.25.1 could not be fetched.\n  a: has no 1.25.1.\n  b: has no 1.25.1.",
    );
  });
});
