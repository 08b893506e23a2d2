import { describe, expect, it } from "vitest";
import { readProjectDescriptor } from "./project-descriptor.ts";

describe("project.toml", () => {
  it("is read in the layout of version 0.2", () => {
    const text = `
      [_]
      schema-version = "0.2"
      [io.buildpacks]
      include = ["src/", "package.json"]
      [[io.buildpacks.group]]
      id = "heroku/nodejs"
      version = "1.2.3"
      [[io.buildpacks.group]]
      uri = "urn:cnb:registry:heroku/procfile@2.0.0"
      [[io.buildpacks.pre.group]]
      id = "acme/first"
      [[io.buildpacks.build.env]]
      name = "NODE_ENV"
      value = "test"
      [com.heroku.buildpacks.deb-packages]
      install = ["x"]
    `;
    expect(readProjectDescriptor(text)).toEqual({
      group: [
        { id: "heroku/nodejs", version: "1.2.3" },
        { id: "heroku/procfile", version: "2.0.0" },
      ],
      before: [{ id: "acme/first", version: "" }],
      after: [],
      env: { NODE_ENV: "test" },
      include: ["src/", "package.json"],
    });
  });

  it.each<[string, readonly string[]]>([
    ['["arm64", "amd64"]', ["amd64", "arm64"]],
    ['["amd64", "amd64"]', ["amd64"]],
    ['["arm64"]', ["arm64"]],
  ])("names the processors that images are wanted for: %s", (value, architectures) => {
    const text = `[dev.conifer]\narchitectures = ${value}\n`;
    expect(readProjectDescriptor(text).architectures).toEqual(architectures);
    expect(readProjectDescriptor("[dev.conifer]\n")).not.toHaveProperty("architectures");
  });

  it.each(['"arm64"', "[]", '["amd64", "x86"]', "[1]", "{}"])("refuses other processors: %s", (value) => {
    expect(() => readProjectDescriptor(`[dev.conifer]\narchitectures = ${value}\n`)).toThrow(
      /architectures under \[dev\.conifer\] that are not a list of amd64 and arm64\. Write architectures = /,
    );
  });

  it("is read in the older layout", () => {
    const text = `
      [build]
      exclude = ["*.log"]
      buildpacks = ["acme/one", "acme/two@3.0.0"]
      [[build.env]]
      name = "A"
      value = "b"
    `;
    expect(readProjectDescriptor(text)).toEqual({
      group: [
        { id: "acme/one", version: "" },
        { id: "acme/two", version: "3.0.0" },
      ],
      before: [],
      after: [],
      env: { A: "b" },
      exclude: ["*.log"],
    });
    const tables = '[[build.buildpacks]]\nid = "acme/one"\nversion = "1.0.0"\n';
    expect(readProjectDescriptor(tables).group).toEqual([{ id: "acme/one", version: "1.0.0" }]);
  });

  it("may be empty or say nothing of builds", () => {
    const nothing = { before: [], after: [], env: {} };
    expect(readProjectDescriptor("")).toEqual(nothing);
    expect(readProjectDescriptor('[_]\nid = "x"\n[io.buildpacks]\n')).toEqual(nothing);
  });

  it("may name a builder image, in both layouts", () => {
    const read = (text: string) => readProjectDescriptor(text).builder;
    expect(read('[io.buildpacks]\nbuilder = " heroku/builder:24 "\n')).toBe("heroku/builder:24");
    expect(read('[build]\nbuilder = "acme/builder"\n')).toBe("acme/builder");
    expect(() => read("[io.buildpacks]\nbuilder = 24\n")).toThrow(
      "project.toml has a builder that is no text",
    );
  });

  it("may name buildpacks by address, folder and script", () => {
    const text = `
      [[io.buildpacks.pre.group]]
      uri = "https://example.com/bp.tgz"
      [[io.buildpacks.group]]
      uri = "./packs/mine"
      [[io.buildpacks.group]]
      id = "me/inline"
      [io.buildpacks.group.script]
      api = "0.10"
      shell = "/bin/bash"
      inline = "echo hi"
    `;
    expect(readProjectDescriptor(text)).toMatchObject({
      before: [{ kind: "address", address: "https://example.com/bp.tgz", name: "bp" }],
      group: [
        { kind: "folder", path: "packs/mine", name: "mine" },
        { kind: "script", id: "me/inline", api: "0.10", script: "#!/bin/bash\necho hi" },
      ],
    });
  });

  it("leaves a script its own first line, and takes /bin/sh for one without", () => {
    const script = (inline: string) =>
      readProjectDescriptor(
        `[[io.buildpacks.group]]\nid = "a"\n[io.buildpacks.group.script]\napi = "0.10"\ninline = ${JSON.stringify(inline)}\n`,
      ).group?.[0];
    expect(script("#!/usr/bin/env node\n1")).toMatchObject({ script: "#!/usr/bin/env node\n1" });
    expect(script("true")).toMatchObject({ script: "#!/bin/sh\ntrue" });
  });

  const group = (entry: string) => `[[io.buildpacks.group]]\n${entry}\n`;
  const refused: readonly [string, string, RegExp][] = [
    ["what is not TOML", "[io", /not valid TOML/],
    ["include and exclude", '[io.buildpacks]\ninclude = ["a"]\nexclude = ["b"]', /both include and exclude/],
    ["a buildpack of a container registry", group('uri = "docker://acme/bp"'), /docker: is not fetched/],
    [
      "an inline script that says not what to run",
      group('id = "a"\n[io.buildpacks.group.script]\napi = "0.9"\n'),
      /texts api and inline/,
    ],
    [
      "an inline script without an id",
      group('[io.buildpacks.group.script]\ninline = "x"\n'),
      /without an id/,
    ],
    [
      "an inline script for a shell that is no path",
      group('id = "a"\n[io.buildpacks.group.script]\napi = "0.9"\ninline = "x"\nshell = "bash"'),
      /no absolute path/,
    ],
    ["a buildpack without a name", group('version = "1"'), /without an id/],
    [
      "a variable without a proper name",
      '[[io.buildpacks.build.env]]\nname = "A B"\nvalue = "x"',
      /without a proper name/,
    ],
    [
      "a variable that is no text",
      '[[io.buildpacks.build.env]]\nname = "A"\nvalue = 1',
      /A to something that is no text/,
    ],
  ];
  it.each(refused)("refuses %s", (_, text, message) => {
    expect(() => readProjectDescriptor(text)).toThrow(expect.objectContaining({ id: "invalid_params" }));
    expect(() => readProjectDescriptor(text)).toThrow(message);
  });
});
