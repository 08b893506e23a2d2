import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolder, writeFiles } from "../../shared/buildpack-fixtures.ts";
import { logicalLines, readRequirements } from "./requirement-files.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());

async function requirements(files: Readonly<Record<string, string>>) {
  await writeFiles(folder.at, files);
  return readRequirements(folder.at);
}

describe("the files that pip reads", () => {
  it("are requirements.txt alone", async () => {
    expect(await requirements({ "requirements.txt": "flask\n" })).toEqual({
      parts: ["requirements.txt", "flask\n"],
      local: false,
    });
  });

  it.each(["-r more.txt", "-rmore.txt", "--requirement more.txt", "--requirement=more.txt", "-c more.txt"])(
    "include those of %j",
    async (line) => {
      const { parts } = await requirements({ "requirements.txt": line, "more.txt": "a" });
      expect(parts).toEqual(["requirements.txt", line, "more.txt", "a"]);
    },
  );

  it("are found from the file that names them", async () => {
    const files = { "requirements.txt": "-r req/a.txt", "req/a.txt": "-c b.txt", "req/b.txt": "x==1" };
    expect((await requirements(files)).parts.slice(-2)).toEqual(["req/b.txt", "x==1"]);
  });

  it("may name each other", async () => {
    const { parts } = await requirements({ "requirements.txt": "-r a.txt", "a.txt": "-r requirements.txt" });
    expect(parts).toHaveLength(4);
  });

  it("may be missing: pip tells", async () => {
    expect((await requirements({ "requirements.txt": "-r none.txt" })).parts).toEqual([
      ...["requirements.txt", "-r none.txt"],
      ...["none.txt", ""],
    ]);
  });
});

describe("requirements of the app's own folder", () => {
  it.each([
    ["-e .", true],
    ["-e ./lib", true],
    ["--editable=lib", true],
    [".", true],
    ["./lib", true],
    ["../lib", true],
    ["/abs/lib", true],
    ["file:./lib", true],
    ["lib @ file:///app/lib", true],
    ["-e git+https://example.com/x.git", false],
    ["git+https://example.com/x.git", false],
    ["flask==3.0", false],
    ["# -e .", false],
    ["--hash=sha256:abc", false],
  ])("%j: %s", async (line, local) => {
    expect((await requirements({ "requirements.txt": `${line}\n` })).local).toBe(local);
  });

  it("count in an included file", async () => {
    expect((await requirements({ "requirements.txt": "-r a.txt", "a.txt": "-e ." })).local).toBe(true);
  });
});

it.each([
  ["a\nb\n", ["a", "b"]],
  ["a\r\nb", ["a", "b"]],
  ["# all\n\na # why\n  b\n", ["a", "b"]],
  ["a \\\n  --hash=x", ["a   --hash=x"]],
  ["a#b", ["a#b"]],
  ["\uFEFFa", ["a"]],
])("reads the lines of %j", (text, lines) => {
  expect(logicalLines(text)).toEqual(lines);
});
