import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pageHeaders, pageOf, parseRange } from "./pages.ts";

const FIELDS = ["id", "name", "version"];

describe("the Range header", () => {
  const table: [string | undefined, object][] = [
    [undefined, { field: "id", order: "asc", max: 200 }],
    ["", { field: "id", order: "asc", max: 200 }],
    ["id ..", { field: "id", order: "asc", max: 200 }],
    ["id ..; max=1000", { field: "id", order: "asc", max: 1000 }],
    ["id ..; max=1000;", { field: "id", order: "asc", max: 1000 }],
    ["id ..; max=5000", { field: "id", order: "asc", max: 1000 }],
    ["version ..; order=desc,max=1", { field: "version", order: "desc", max: 1 }],
    ["version ..; max=10, order=desc", { field: "version", order: "desc", max: 10 }],
    ["name ..; order=desc;", { field: "name", order: "desc", max: 200 }],
    ["..; max=5", { field: "id", order: "asc", max: 5 }],
    ["id ]abc..; max=3", { field: "id", order: "asc", max: 3, start: { value: "abc", inclusive: false } }],
    ["id [abc..", { field: "id", order: "asc", max: 200, start: { value: "abc", inclusive: true } }],
    [
      "name a.b..c.d",
      { field: "name", order: "asc", max: 200, start: { value: "a.b", inclusive: true }, end: "c.d" },
    ],
    [
      "version 3..7",
      { field: "version", order: "asc", max: 200, start: { value: "3", inclusive: true }, end: "7" },
    ],
  ];
  test.each(table)("%s", (header, expected) => {
    expect(parseRange(header, FIELDS)).toEqual(expected);
  });

  test.each(["size ..", "id ..; max=0", "id ..; max=x", "id ..; order=up", "id ..; page=2", "id 1"])(
    "refuses %s",
    (header) => {
      expect(() => parseRange(header, FIELDS)).toThrow(
        expect.objectContaining({ id: "requested_range_not_satisfiable" }),
      );
    },
  );
});

test("following Next-Range visits every item once and in order", () => {
  const anyItems = fc.uniqueArray(fc.integer({ min: 1, max: 10_000 }), { maxLength: 40 });
  fc.assert(
    fc.property(anyItems, fc.integer({ min: 1, max: 7 }), fc.boolean(), (versions, max, descending) => {
      const items = versions.map((version) => ({ id: String(version), version }));
      const seen: number[] = [];
      let range: string | undefined = `version ..; max=${max}${descending ? ", order=desc" : ""}`;
      while (range !== undefined) {
        const request = parseRange(range, FIELDS);
        const page = pageOf(items, request);
        const answer = pageHeaders(request, page, FIELDS);
        expect(answer.status).toBe(page.more ? 206 : 200);
        seen.push(...page.items.map((item) => item.version));
        range = answer.headers["Next-Range"];
      }
      expect(seen).toEqual([...versions].sort((a, b) => (descending ? b - a : a - b)));
    }),
  );
});
