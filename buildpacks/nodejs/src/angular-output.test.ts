import { describe, expect, it } from "vitest";
import { angularOutputs } from "./angular-output.ts";

const project = (options: object, more = {}) => ({ architect: { build: { options } }, ...more });

describe("where Angular writes", () => {
  it.each<[string, object, readonly string[]]>([
    ["a new workspace", { shop: project({ browser: "src/main.ts" }) }, ["dist/shop"]],
    ["a path", { shop: project({ outputPath: "./out/shop/" }) }, ["out/shop"]],
    ["a path in parts", { shop: project({ outputPath: { base: "www", browser: "" } }) }, ["www"]],
    ["targets", { shop: { targets: { build: { options: { outputPath: "w" } } } } }, ["w"]],
    ["a library beside it", { ui: project({}, { projectType: "library" }), shop: {} }, ["dist/shop"]],
    ["a path out of the app", { a: project({ outputPath: "../a" }), b: project({ outputPath: "/b" }) }, []],
    ["values of other kinds", { a: 1, b: project({ outputPath: 7 }) }, ["dist/a", "dist/b"]],
  ])("%s", (_, projects, folders) => {
    expect(angularOutputs(JSON.stringify({ projects }))).toEqual(folders);
  });

  it.each(["", "{", "null", '{"projects":3}'])("is nowhere for %j", (text) => {
    expect(angularOutputs(text)).toEqual([]);
  });
});
