import { posix } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cleanPath, type EntryRules, makeEntryJudge, staysInside, type TarHeader } from "./tar-entry.ts";
import { DEFAULT_TAR_LIMITS } from "./tar-limits.ts";

const rules: EntryRules = { limits: DEFAULT_TAR_LIMITS, links: "inside" };
const file = (name: string, more: Partial<TarHeader> = {}): TarHeader => ({
  name,
  type: "file",
  size: 1,
  ...more,
});
const link = (name: string, linkname: string): TarHeader => ({ name, type: "symlink", size: 0, linkname });
const hard = (name: string, linkname: string): TarHeader => ({ name, type: "link", size: 0, linkname });
const folder = (name: string): TarHeader => ({ name, type: "directory", size: 0 });

function judgeAll(headers: readonly TarHeader[], given: Partial<EntryRules> = {}) {
  const judge = makeEntryJudge({ ...rules, ...given });
  return headers.map(judge).filter((entry) => entry !== undefined);
}

describe("what is refused", () => {
  it.each<[string, readonly TarHeader[], RegExp]>([
    ["a path that climbs", [file("../x")], /leads out of the archive/],
    ["a path that climbs in the middle", [file("a/../../x")], /leads out of the archive/],
    ["an absolute path", [file("/etc/passwd")], /absolute path/],
    ["an absolute path with two slashes", [file("//etc/passwd")], /absolute path/],
    ["a zero byte", [file("a\0b")], /zero byte/],
    ["a name that is not UTF-8", [file("caf\uFFFD")], /not UTF-8/],
    ["a long path", [file("a/".repeat(3000))], /longer than 4096 bytes/],
    [
      "a character device",
      [{ name: "tty", type: "character-device", size: 0 }],
      /"tty" is a character device/,
    ],
    ["a block device", [{ name: "sda", type: "block-device", size: 0 }], /block device/],
    ["a pipe", [{ name: "p", type: "fifo", size: 0 }], /"p" is a fifo/],
    ["an unknown kind", [{ name: "s", type: null, size: 0 }], /not known/],
    ["an absolute link", [link("a", "/etc/passwd")], /points out of the archive/],
    ["a link that climbs out", [link("a/b", "../../x")], /points out of the archive/],
    ["a link that climbs behind a name", [link("up", "."), link("y", "up/..")], /points out of the archive/],
    ["a link without target", [link("a", "")], /no usable target/],
    ["a file below a link", [link("a", "b"), file("a/x")], /lies below "a", which is a symlink/],
    ["a file below a file", [file("a"), file("a/b/x")], /lies below "a", which is a file/],
    ["a file twice", [file("a"), file("./a")], /in the archive twice/],
    ["a link in place of a directory", [file("a/x"), link("a", "b")], /in the archive twice/],
    ["a hard link to what is outside", [hard("a", "../x")], /leads out/],
    ["a hard link to nothing", [hard("a", "b")], /no earlier file/],
    ["a hard link to a link", [link("b", "c"), hard("a", "b")], /no earlier file/],
  ])("%s", (_what, headers, message) => {
    expect(() => judgeAll(headers)).toThrow(message);
  });

  it.each<[string, Partial<EntryRules["limits"]>, RegExp]>([
    ["too many entries", { maxEntries: 2 }, /too many files: more than 2/],
    ["too much in all", { maxTotalBytes: 2 }, /more than 2 bytes/],
    ["too large a file", { maxFileBytes: 0 }, /larger than 0 bytes/],
    ["too many names", { maxAllPathsBytes: 2 }, /too many files/],
  ])("%s", (_what, limits, message) => {
    const given = { limits: { ...DEFAULT_TAR_LIMITS, ...limits } };
    expect(() => judgeAll([file("a"), file("b"), file("c")], given)).toThrow(message);
  });

  it("keeps control characters out of messages", () => {
    expect(() => judgeAll([file("../\u001b[31mred\n")])).toThrow('"../?[31mred?"');
  });
});

describe("what is taken", () => {
  it("brings paths and kinds into one form", () => {
    const headers = [
      { name: "pax_global_header", type: "pax-global-header", size: 52 },
      folder("./"),
      folder("./bin//"),
      file("./bin/run", { mode: 0o4755 }),
      file("README", { mode: 0o666 }),
      link("bin/start", "../bin/run"),
      link("loop/../same", "x"),
      hard("copy", "bin/run"),
    ];
    expect(judgeAll(headers.filter((header) => !header.name.includes("..")))).toEqual([
      { kind: "directory", path: "bin" },
      { kind: "file", path: "bin/run", size: 1, executable: true },
      { kind: "file", path: "README", size: 1, executable: false },
      { kind: "symlink", path: "bin/start", target: "../bin/run" },
      { kind: "hardlink", path: "copy", target: "bin/run" },
    ]);
  });

  it("takes a directory twice, links anywhere in a checkout, and strips a leading directory", () => {
    const headers = [
      folder("app-1"),
      folder("app-1/lib"),
      folder("app-1/lib"),
      link("app-1/tmp", "/tmp"),
      hard("app-1/a", "app-1/b"),
    ];
    const taken = judgeAll([...headers.slice(0, 4), file("app-1/b"), ...headers.slice(4)], {
      links: "any",
      strip: "app-1",
    });
    expect(taken.map((entry) => entry.path)).toEqual(["lib", "lib", "tmp", "b", "a"]);
    expect(taken.at(-1)).toMatchObject({ target: "b" });
  });
});

describe("properties", () => {
  const part = fc.constantFrom("a", "b", "..", ".", "", "c d");
  const path = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join("/"));

  it("a clean path never leaves the root, and is clean already", () => {
    fc.assert(
      fc.property(path, (name) => {
        let clean: string;
        try {
          clean = cleanPath(name, DEFAULT_TAR_LIMITS);
        } catch {
          return;
        }
        expect(posix.resolve("/root/x", clean).startsWith("/root/x")).toBe(true);
        expect(cleanPath(clean, DEFAULT_TAR_LIMITS)).toBe(clean);
      }),
    );
  });

  it("following links that stay inside never leads out, however they are chained", () => {
    const links = fc.uniqueArray(fc.tuple(path, path), { maxLength: 6, selector: ([name]) => name });
    fc.assert(
      fc.property(links, path, (made, wanted) => {
        const tree = new Map<string, string>();
        const judge = makeEntryJudge(rules);
        for (const [name, target] of made) {
          try {
            const entry = judge(link(name, target));
            if (entry) tree.set(entry.path, target);
          } catch {}
        }
        if (!staysInside("start", wanted)) return;
        expect(follow(wanted, tree)).not.toBe("outside");
      }),
      { numRuns: 2000 },
    );
  });
});

/** Resolves a path the way the kernel does, link by link. */
function follow(path: string, tree: ReadonlyMap<string, string>): "outside" | "inside" {
  let todo = path.split("/");
  const at: string[] = [];
  for (let steps = 0; todo.length > 0 && steps < 100; steps += 1) {
    const [next = "", ...rest] = todo;
    todo = rest;
    if (next === "" || next === ".") continue;
    if (next === "..") {
      if (at.pop() === undefined) return "outside";
      continue;
    }
    const target = tree.get([...at, next].join("/"));
    if (target === undefined) at.push(next);
    else todo = [...target.split("/"), ...todo];
  }
  return "inside";
}
