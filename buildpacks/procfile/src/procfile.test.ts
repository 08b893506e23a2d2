import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseProcfile } from "./procfile.ts";

const commandsOf = (text: string) =>
  Object.fromEntries(parseProcfile(text).processes.map(({ type, command }) => [type, command]));

describe("lines that name a process", () => {
  it.each([
    ["web: node server.js", { web: "node server.js" }],
    ["web:node server.js", { web: "node server.js" }],
    ["  web  :   node server.js  ", { web: "node server.js" }],
    ["web: a\nworker: b\n", { web: "a", worker: "b" }],
    ["web: a\r\nworker: b\r\n", { web: "a", worker: "b" }],
    ["web: a\rworker: b", { web: "a", worker: "b" }],
    ["\uFEFFweb: a", { web: "a" }],
    ["web: a", { web: "a" }],
    ["web: bin/start --url http://x:80", { web: "bin/start --url http://x:80" }],
    ["web: FOO=1 a && b | c; d", { web: "FOO=1 a && b | c; d" }],
    ["web: a # not a comment", { web: "a # not a comment" }],
    ["my-worker_2: a", { "my-worker_2": "a" }],
    ["Web: a", { Web: "a" }],
    ["release: ./migrate", { release: "./migrate" }],
    ["2: a", { "2": "a" }],
    ["web: 'a: b'", { web: "'a: b'" }],
    ["web: ünï ☃", { web: "ünï ☃" }],
  ])("%j", (text, expected) => {
    expect(commandsOf(text)).toEqual(expected);
    expect(parseProcfile(text)).toMatchObject({ warnings: [], errors: [] });
  });
});

describe("lines that are nothing", () => {
  it.each(["", "\n\n\n", "   \t \n", "# web: a", "  # a comment", "\uFEFF"])("%j", (text) => {
    expect(parseProcfile(text)).toEqual({ processes: [], warnings: [], errors: [] });
  });
});

describe("lines that are passed over", () => {
  it.each([
    ["web node server.js", "Line 1 is passed over, it has no colon: web node server.js"],
    ["web: a\nnonsense", "Line 2 is passed over, it has no colon: nonsense"],
    [": a", "Line 1 is passed over, it does not begin with a process type: : a"],
    ["web server: a", "Line 1 is passed over, it does not begin with a process type: web server: a"],
    ["\n\nworker", "Line 3 is passed over, it has no colon: worker"],
  ])("%j", (text, warning) => {
    expect(parseProcfile(text)).toMatchObject({ warnings: [warning], errors: [] });
  });

  it("shows a long line by its beginning", () => {
    const [warning] = parseProcfile("x".repeat(500)).warnings;
    expect(warning).toBe(`Line 1 is passed over, it has no colon: ${"x".repeat(60)}...`);
  });

  it("lets no control character through to a terminal", () => {
    expect(parseProcfile("\u001b[31mred").warnings[0]).toContain("?[31mred");
  });
});

describe("lines that surprise", () => {
  it("takes the last of two lines of one type", () => {
    const read = parseProcfile("web: a\n\nweb: b");
    expect(read.processes).toEqual([{ type: "web", command: "b", line: 3 }]);
    expect(read.warnings).toEqual(["Line 3 replaces the process type web of line 1."]);
  });

  it("tells that a command ends with its line", () => {
    expect(parseProcfile("web: a \\\n  b").warnings).toEqual([
      "Line 1 ends in a backslash, but a command cannot go on in the next line.",
      "Line 2 is passed over, it has no colon: b",
    ]);
  });
});

describe("lines that cannot be what was meant", () => {
  it.each([
    ["web:", "Line 1: the process type web has no command: web:"],
    ["web:   ", "Line 1: the process type web has no command: web:"],
    ["wéb: a", "Line 1: the type wéb may hold letters, digits, - and _ only: wéb: a"],
    ["a.b: c", "Line 1: the type a.b may hold letters, digits, - and _ only: a.b: c"],
    ["web: a\n../x: b", "Line 2: the type ../x may hold letters, digits, - and _ only: ../x: b"],
    ["web: a\0b", "Line 1: it holds a zero byte; is this a text file in UTF-8?: web: a?b"],
  ])("%j", (text, error) => {
    expect(parseProcfile(text).errors).toEqual([error]);
  });
});

it("reads back whatever could have been written", () => {
  const type = fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/);
  const command = fc.stringMatching(/^[!-~]([ -~]{0,40}[!-[\]-~])?$/);
  fc.assert(
    fc.property(fc.dictionary(type, command, { minKeys: 1 }), (processes) => {
      const text = Object.entries(processes).map(([name, line]) => `${name}: ${line}`);
      expect(commandsOf(text.join("\n"))).toEqual({ ...processes });
    }),
  );
});

it("never throws, and says something about every line that is not blank", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const { processes, warnings, errors } = parseProcfile(text);
      const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
      const told = lines.filter((line) => line.trim() !== "" && !line.trim().startsWith("#"));
      expect(processes.length + warnings.length + errors.length).toBeGreaterThanOrEqual(
        Math.min(told.length, 1),
      );
    }),
  );
});
