import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, describe as group, test } from "vitest";
import { describe } from "./contract-import.ts";
import type { SchemaDocument } from "./schema-links.ts";

const fixtures = join(import.meta.dirname, "fixtures");
const read = (name: string): string => readFileSync(join(fixtures, name), "utf8");
const base: SchemaDocument = JSON.parse(read("tiny-base.json"));

/** In the other variant a harbor is a plain text, as `generation` is in the real documents. */
function sdkOf(document: SchemaDocument): SchemaDocument {
  const copy = JSON.parse(JSON.stringify(document));
  copy.definitions.ship.definitions.harbor = {
    description: "Description of a part",
    type: ["string", "null"],
  };
  copy.definitions.ship.links.push({ title: "Title of a link", href: "/fleet", method: "Get", rel: "self" });
  return copy;
}

group("the import", () => {
  test("of a small document is the golden description", () => {
    const files = describe(base, sdkOf(base));
    expect(files["definitions.json"]).toBe(read("tiny-definitions.golden.json"));
    expect(files["endpoints.json"]).toBe(read("tiny-endpoints.golden.json"));
  });

  test("gives the same bytes twice", () => {
    expect(describe(base, sdkOf(base))).toEqual(describe(base, sdkOf(base)));
  });

  test("gives the same bytes whatever the order of the keys", () => {
    const turned = JSON.parse(JSON.stringify(base), (_, value) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).reverse())
        : value,
    );
    expect(describe(turned, sdkOf(turned))).toEqual(describe(base, sdkOf(base)));
  });

  test("keeps no sentence", () => {
    expect(Object.values(describe(base, sdkOf(base))).join()).not.toMatch(/title|description|example/i);
  });
});

group("the command", () => {
  const program = join(import.meta.dirname, "contract-import.ts");
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, [program, ...args], { encoding: "utf8" });

  test("reads the documents of a folder and writes the files", () => {
    const folder = mkdtempSync(join(tmpdir(), "contract-import-"));
    try {
      writeFileSync(join(folder, "heroku-platform-api.schema.json"), JSON.stringify(base));
      writeFileSync(join(folder, "heroku-platform-api.schema.3.sdk.json"), JSON.stringify(sdkOf(base)));
      const target = join(folder, "description");
      expect(run(folder, target)).toMatchObject({ status: 0, stderr: "" });
      for (const name of ["definitions", "endpoints"])
        expect(readFileSync(join(target, `${name}.json`), "utf8")).toBe(read(`tiny-${name}.golden.json`));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("asks for the folder", () => {
    const { status, stderr } = run();
    expect(status).toBe(1);
    expect(stderr).toContain("Name the folder that holds the schema documents");
  });
});
