import { expect, test } from "vitest";
import { errorCatalog } from "../src/error-catalog.ts";
import { errorsPage } from "./errors-page.ts";

const page = errorsPage(errorCatalog);

test("each row of the table leads to a section of the page, and each section has one row", () => {
  const rows = [...page.matchAll(/^\| (\d+) \| \[`(\w+)`\]\(#(\w+)\) \|$/gm)];
  const sections = [...page.matchAll(/^## (\w+)\n\nStatus (\d+)\. (.+)$/gm)];
  expect(rows.map(([, status, id, anchor]) => [id, anchor, status])).toEqual(
    sections.map(([, id, status]) => [id, id, status]),
  );
  expect(new Set(sections.map(([, id]) => id))).toEqual(new Set(Object.keys(errorCatalog)));
});

test("errors stand by status, then by name, whatever the order of the catalogue", () => {
  const reversed = Object.fromEntries(Object.entries(errorCatalog).toReversed());
  expect(errorsPage(reversed)).toBe(page);
  const statuses = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, status]) => Number(status));
  expect(statuses).toEqual(statuses.toSorted((a, b) => a - b));
});

test("the first line says that the page is generated, and from what", () => {
  expect(page).toMatch(
    /^<!-- @generated made by contract\/generate\.ts from contract\/src\/error-catalog\.ts -->\n\n# /,
  );
});
