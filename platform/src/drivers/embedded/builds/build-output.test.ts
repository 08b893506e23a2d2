import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { inLines, openBuildOutput, readOutputFile } from "./build-output.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "output-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const never = () => new AbortController().signal;
const textOf = async (texts: AsyncIterable<string>) => {
  let all = "";
  for await (const text of texts) all += text;
  return all;
};

describe("a build's output", () => {
  it("is the same for readers who come early, late and after the end", async () => {
    const path = join(folder, "output.log");
    const output = await openBuildOutput(path, 1_000_000);
    const early = textOf(output.read(never()));
    output.append("one\n");
    const late = textOf(output.read(never()));
    output.append("zwölf 😀\n");
    await output.end();
    expect(await Promise.all([early, late, textOf(output.read(never()))])).toEqual(
      Array(3).fill("one\nzwölf 😀\n"),
    );
    expect(await textOf(readOutputFile(path, never()))).toBe("one\nzwölf 😀\n");
  });

  it("keeps characters whole that fall between two reads", async () => {
    const output = await openBuildOutput(join(folder, "output.log"), 1_000_000);
    const text = `x${"ä".repeat(100_000)}`;
    output.append(text);
    await output.end();
    expect(await textOf(output.read(never()))).toBe(text);
  });

  it("counts what goes beyond the limit and says so", async () => {
    const output = await openBuildOutput(join(folder, "output.log"), 10);
    output.append("12345678\n");
    output.append("more\n");
    output.append("!\n");
    await output.end();
    await output.end();
    expect(await textOf(output.read(never()))).toBe("12345678\n\n[7 more bytes of output left out]\n");
  });

  it("lets a reader go whose signal aborts", async () => {
    const output = await openBuildOutput(join(folder, "output.log"), 10);
    const leaving = new AbortController();
    const reading = textOf(output.read(leaving.signal));
    leaving.abort();
    expect(await reading).toBe("");
    await output.end();
  });
});

describe("lines", () => {
  it("are passed on whole, the rest at the end", () => {
    const passed: string[] = [];
    const lines = inLines((text) => passed.push(text));
    for (const chunk of ["a", "b\nc\nd", Buffer.from([0xc3]), Buffer.from([0xa4]), "\n", "rest"])
      lines.write(Buffer.from(chunk));
    lines.end();
    expect(passed).toEqual(["ab\nc\n", "dä\n", "rest"]);
  });

  it("are passed on in pieces when they do not end", () => {
    const passed: string[] = [];
    const lines = inLines((text) => passed.push(text));
    for (let i = 0; i < 20; i++) lines.write(Buffer.alloc(1000, "x"));
    expect(passed).toHaveLength(1);
    lines.end();
    expect(passed.join("")).toHaveLength(20_000);
  });
});
