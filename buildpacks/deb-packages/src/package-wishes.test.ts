import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nearNames, readWishes } from "./package-wishes.ts";

const plain = { skipDependencies: false, force: false };
const project = (lines: string) => `[com.heroku.buildpacks.deb-packages]\n${lines}\n`;

describe("the packages that an app lists", () => {
  it.each([
    ["nothing", {}, []],
    ["an empty Aptfile", { aptfile: "\n# nothing\n" }, []],
    ["a name a line", { aptfile: "libvips42\r\n\n  ffmpeg # sound\n" }, ["libvips42", "ffmpeg"]],
    ["names in one line", { aptfile: "libvips42 ffmpeg" }, ["libvips42", "ffmpeg"]],
    ["a name twice", { aptfile: "jq\njq" }, ["jq"]],
    ["an odd name", { aptfile: "libstdc++6\nlibgtk-3.0" }, ["libstdc++6", "libgtk-3.0"]],
    ["a table", { project: project('install = ["jq", "ffmpeg"]') }, ["jq", "ffmpeg"]],
    ["both", { aptfile: "jq", project: project('install = ["ffmpeg"]') }, ["jq", "ffmpeg"]],
    ["another table", { project: "[com.heroku.other]\ninstall = 1" }, []],
    ["an empty table", { project: project("") }, []],
  ])("%s", (_what, files, names) => {
    expect(readWishes(files)).toEqual({ ok: true, wishes: names.map((name) => ({ name, ...plain })) });
  });

  it("may have a version", () => {
    expect(readWishes({ aptfile: "jq=1.6-2.1+deb12u1" })).toEqual({
      ok: true,
      wishes: [{ name: "jq", version: "1.6-2.1+deb12u1", ...plain }],
    });
  });

  it("may be without what they need, or wanted though the base has them", () => {
    const text = project(
      'install = [{ name = "ffmpeg", skip_dependencies = true }, { name = "jq", force = true }]',
    );
    expect(readWishes({ project: text })).toEqual({
      ok: true,
      wishes: [
        { name: "ffmpeg", skipDependencies: true, force: false },
        { name: "jq", skipDependencies: false, force: true },
      ],
    });
  });
});

describe("what is refused", () => {
  it.each([
    [
      { aptfile: ":repo:deb https://cli.github.com/packages stable main" },
      "Aptfile names another archive: :repo:deb",
    ],
    [{ aptfile: "https://example.com/x.deb" }, "Aptfile names a file that is not of the release"],
    [{ aptfile: "./x.deb" }, "Aptfile names a file that is not of the release"],
    [{ aptfile: "-oDir::Etc=/x" }, 'Aptfile holds no name of a package: "-oDir::Etc=/x"'],
    [{ aptfile: "jq=$(id)" }, 'Aptfile holds no name of a package: "jq=$(id)"'],
    [{ aptfile: "../x" }, "Aptfile holds no name"],
    [{ aptfile: "a".repeat(70_000) }, "Aptfile is longer than 65536 bytes."],
    [{ aptfile: Array.from({ length: 201 }, (_, i) => `lib${i}`).join("\n") }, "More than 200 packages"],
    [{ project: project('sources = [{ uri = "http://x" }]') }, "project.toml names other archives"],
    [{ project: project('install = "jq"') }, "project.toml has an install in deb-packages that is no list"],
    [
      { project: project("install = [{ force = true }]") },
      "project.toml has an install in deb-packages that is no list",
    ],
    [{ project: "install = [" }, "project.toml is not valid TOML"],
  ])("%j", (files, message) => {
    expect(readWishes(files)).toMatchObject({ ok: false, message: expect.stringContaining(message) });
  });

  it("is all that could be an option or a path to apt", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        const result = readWishes({ aptfile: text });
        for (const { name, version } of result.ok ? result.wishes : []) {
          expect(name).toMatch(/^[a-z0-9][a-z0-9+.-]+$/);
          expect(version ?? "1").toMatch(/^[0-9A-Za-z.+:~-]+$/);
        }
      }),
    );
  });
});

it.each([
  [["libvips"], ["libvips42", "libvips-dev"]],
  [["libvips99"], ["libvips42", "libvips-dev"]],
  [["figle"], ["figlet"]],
  [["x1"], []],
  [["nosuch"], []],
])("near %j there are %j", (names, near) => {
  expect(nearNames(names, ["xz-utils", "libvips-dev", "figlet", "libvips42"])).toEqual(near);
});
