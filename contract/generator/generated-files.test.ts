import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { differences, generate } from "../generate.ts";
import { errorCatalog } from "../src/error-catalog.ts";
import type { Description } from "../src/shape.ts";
import { supplement } from "../supplement/supplement.ts";
import { generatedFiles } from "./generated-files.ts";
import { readImported } from "./imported-description.ts";
import type { Supplement } from "./supplement-entry.ts";

const repository = resolve(import.meta.dirname, "../..");

describe("what is generated", () => {
  const wanted = generate();

  test("is what the tree holds", () => {
    expect(differences(wanted)).toEqual([]);
  });

  test("is the same twice", () => {
    expect(generate()).toEqual(wanted);
  });

  test("says on its first line that it is generated", () => {
    for (const [path, text] of Object.entries(wanted)) {
      expect(text.split("\n", 1)[0], path).toContain("@generated");
      expect(text.endsWith("\n"), path).toBe(true);
    }
  });

  test("is all that stands in its folder", () => {
    const folder = join(repository, "contract/src/generated");
    const paths = readdirSync(folder).map((name) => `contract/src/generated/${name}`);
    expect(paths.toSorted()).toEqual(
      Object.keys(wanted)
        .filter((path) => path.startsWith("contract/"))
        .toSorted(),
    );
  });

  test("is told when it differs", () => {
    const path = "docs/reference/errors.md";
    expect(differences({ ...wanted, [path]: "other" })).toEqual([path]);
    const { [path]: _, ...fewer } = wanted;
    expect(differences(fewer)).toEqual([]);
    const { "contract/src/generated/routes.ts": __, ...stale } = wanted;
    expect(differences(stale)).toEqual(["contract/src/generated/routes.ts"]);
  });

  test("keeps the description's order of keys out of the result", () => {
    const imported = readImported(join(repository, "contract/description"));
    const turned = { base: reversed(imported.base), sdk: reversed(imported.sdk) };
    const from = (descriptions: typeof imported): Record<string, string> =>
      generatedFiles({ imported: descriptions, supplement, served: [] });
    expect(from(turned)).toEqual(from(imported));
  });
});

function reversed({ definitions, endpoints }: Description): Description {
  const turn = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(record).reverse());
  return { definitions: turn(definitions), endpoints: turn(endpoints) };
}

describe("the page of errors", () => {
  const page = readFileSync(join(repository, "docs/reference/errors.md"), "utf8");

  test.each(Object.entries(errorCatalog))("has %s", (id, { status, documentation }) => {
    expect(page).toContain(`| ${status} | [\`${id}\`](#${id}) |`);
    expect(page).toContain(`## ${id}\n\nStatus ${status}. ${documentation}\n`);
  });

  test("has nothing else", () => {
    const ids = [...page.matchAll(/^## (.+)$/gm)].map(([, id]) => id);
    expect(ids.toSorted()).toEqual(Object.keys(errorCatalog).toSorted());
  });
});

describe("the supplement", () => {
  const lists = Object.entries(supplement) as [keyof Supplement, readonly { readonly source: string }[]][];

  test.each(lists)("names a source for each of its %s", (_, entries) => {
    expect(entries.length).toBeGreaterThan(0);
    for (const { source } of entries) expect(source.length).toBeGreaterThan(20);
  });
});
