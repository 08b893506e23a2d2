import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";
import { describe, expect, it, test } from "vitest";
import { streamOf, type TarItem, tarOf } from "../../../delivery/source/tar-fixtures.ts";
import { readSourceDescriptor } from "./source-descriptor.ts";

const NAMES = '[io.buildpacks]\nbuilder = "acme/builder:1"\n';
const OTHER = NAMES.replace("acme", "other");
const BRINGS = '[[io.buildpacks.group]]\nuri = "./mine"\n';
const never = new AbortController().signal;
const read = async (...items: readonly TarItem[]) =>
  await readSourceDescriptor(streamOf(await tarOf(...items)), never);

describe("a source's project.toml", () => {
  test.each<[string, readonly TarItem[], object]>([
    ["that is not there", [{ name: "page", content: "x" }], { bringsBuildpacks: false }],
    ["in a folder only", [{ name: "a/project.toml", content: NAMES }], { bringsBuildpacks: false }],
    [
      "after other files",
      [
        { name: "page", content: "x" },
        { name: "project.toml", content: NAMES },
      ],
      named(),
    ],
    ["written otherwise", [{ name: "./project.toml", content: NAMES }], named()],
    ["of which the last counts", [toml(OTHER), toml(NAMES)], named()],
    ["with buildpacks of its own", [toml(BRINGS)], { bringsBuildpacks: true }],
    ["of more than a megabyte", [toml(`${NAMES}#${"x".repeat(1024 * 1024)}`)], { bringsBuildpacks: false }],
  ])("%s", async (_what, items, wanted) => {
    expect(await read(...items)).toEqual(wanted);
  });

  it("that is a link counts as none", async () => {
    const tar = pack();
    tar.entry({ name: "project.toml" }, NAMES);
    tar.entry({ name: "project.toml", type: "symlink", linkname: "/etc/passwd" });
    tar.finalize();
    const content = Readable.from([await buffer(tar as unknown as AsyncIterable<Buffer>)]);
    expect(await readSourceDescriptor(content, never)).toEqual({ bringsBuildpacks: false });
  });

  it("that is none is refused", async () => {
    await expect(read(toml("["))).rejects.toThrow("project.toml is not valid TOML");
  });

  it("is read until somebody leaves", async () => {
    const content = Readable.from(
      (async function* () {
        yield Buffer.alloc(10);
        await new Promise(() => {});
      })(),
    );
    const leaving = new AbortController();
    const reading = readSourceDescriptor(content, leaving.signal);
    leaving.abort(new Error("left"));
    await expect(reading).rejects.toThrow("left");
  });
});

function toml(content: string): TarItem {
  return { name: "project.toml", content };
}

function named() {
  return { builder: "acme/builder:1", bringsBuildpacks: false };
}
