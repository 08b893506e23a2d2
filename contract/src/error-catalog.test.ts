import { describe, expect, test } from "vitest";
import { type ErrorId, errorCatalog } from "./error-catalog.ts";

/** The ids that clients know, with their statuses, as the published API lists them. */
const published: readonly (readonly [ErrorId, number])[] = [
  ["bad_request", 400],
  ["unauthorized", 401],
  ["delinquent", 402],
  ["forbidden", 403],
  ["suspended", 403],
  ["two_factor", 403],
  ["not_found", 404],
  ["not_acceptable", 406],
  ["conflict", 409],
  ["gone", 410],
  ["precondition_failed", 412],
  ["requested_range_not_satisfiable", 416],
  ["invalid_params", 422],
  ["verification_needed", 422],
  ["multiple_matches", 422],
  ["confirmation_required", 423],
  ["rate_limit", 429],
];

test.each(published)("%s is answered with %i", (id, status) => {
  expect(errorCatalog[id].status).toBe(status);
});

describe.each(Object.entries(errorCatalog))("%s", (id, { status, documentation }) => {
  test("is a word of small letters, with a status that says it failed", () => {
    expect(id).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
  });

  test("says what it means and then what to do, in whole sentences", () => {
    const sentences = documentation.split(/(?<=[.])\s+(?=[A-Z])/);
    expect(sentences.length).toBeGreaterThanOrEqual(2);
    expect(documentation).toMatch(/^[A-Z].*\.$/);
    expect(documentation).not.toMatch(/ {2}|\n|\bTODO\b|!/);
  });
});

test("no two errors are told in the same words", () => {
  const texts = Object.values(errorCatalog).map(({ documentation }) => documentation);
  expect(new Set(texts).size).toBe(texts.length);
});
