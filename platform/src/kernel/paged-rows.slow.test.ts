import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestStore, type TestStore } from "../drivers/postgres/store/store-fixtures.ts";
import { type PagedColumn, pageOfRows } from "./paged-rows.ts";
import { type Page, parseRange } from "./pages.ts";

interface Row {
  readonly name: string;
  readonly number: number;
  readonly at: Date;
}

const COLUMNS: Readonly<Record<string, PagedColumn<Row>>> = {
  name: { column: "name", holds: "text" },
  number: { column: "number", holds: "number" },
  at: { column: "at", holds: "time", timeOf: (row) => row.at },
};

let store: TestStore;

/** Rows 1 to 10, named a to j, each 600 ms after the one before it. */
beforeAll(async () => {
  store = await startTestStore();
  await store.database.query(`
    create table paged as select chr(96 + n) as name, n as number,
      timestamptz '2026-01-01 10:00:00Z' + (n - 1) * interval '600 ms' as at from generate_series(1, 10) n`);
});
afterAll(() => store.stop());

async function page(range: string) {
  const rows = store.db.withTables<{ paged: Row }>().selectFrom("paged").selectAll();
  const { items, more } = await pageOfRows(rows, parseRange(range, Object.keys(COLUMNS)), COLUMNS);
  return { names: items.map(({ name }) => name).join(""), more };
}

describe("a page of rows", () => {
  test.each([
    ["", "abcdefghij", false],
    ["name ..; max=3", "abc", true],
    ["name ..; max=3, order=desc", "jih", true],
    ["name ]c..; max=3", "def", true],
    ["name c..; max=3", "cde", true],
    ["name [c..e]", "cde", false],
    ["name ]h..; max=3, order=desc", "gfe", true],
    ["name ..c; order=desc", "jihgfedc", false],
    ["name ]j..", "", false],
    ["name ..; max=10", "abcdefghij", false],
    ["number 9..", "ij", false],
    ["number ]v2..4", "cd", false],
    ["number ..; order=desc, max=2", "ji", true],
    ["number ]9..; order=desc, max=2", "hg", true],
  ])("%s", async (range, names, more) => {
    expect(await page(range)).toEqual({ names, more });
  });
});

describe("a page of times", () => {
  test.each([
    ["at 2026-01-01T10:00:02Z..", "efghij", false],
    ["at ]2026-01-01T10:00:02Z..", "fghij", false],
    ["at ..2026-01-01T10:00:01Z", "abcd", false],
    ["at 2026-01-01T10:00:01Z..2026-01-01T10:00:02Z", "cde", false],
    ["at ]2026-01-01T10:00:02Z..; order=desc", "dcba", false],
    ["at 2026-01-01T10:00:02.900Z..; order=desc", "edcba", false],
  ])("%s compares whole seconds, as they are shown", async (range, names, more) => {
    expect(await page(range)).toEqual({ names, more });
  });

  test("keeps the rows of a second together where they fit", async () => {
    expect(await page("at ..; max=3")).toEqual({ names: "ab", more: true });
    expect(await page("at ..; max=4")).toEqual({ names: "abcd", more: true });
    expect(await page("at ..; max=1")).toEqual({ names: "a", more: true });
  });

  test("loses and repeats nothing from page to page", async () => {
    let names = "";
    for (let range: string | undefined = "at ..; max=2"; range; ) {
      const rows = store.db.withTables<{ paged: Row }>().selectFrom("paged").selectAll();
      const found: Page<Row> = await pageOfRows(rows, parseRange(range, Object.keys(COLUMNS)), COLUMNS);
      names += found.items.map(({ name }) => name).join("");
      const last = found.items.at(-1)?.at.toISOString().slice(0, 19);
      range = found.more ? `at ]${last}Z..; max=2` : undefined;
    }
    expect(names).toBe("abcdefghij");
  });
});

test.each(["number many..", "number ..1e3", "at yesterday..", "at ..1,2"])("%s is refused", async (range) => {
  await expect(page(range)).rejects.toMatchObject({ id: "requested_range_not_satisfiable" });
});
