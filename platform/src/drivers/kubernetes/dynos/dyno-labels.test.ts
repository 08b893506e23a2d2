import fc from "fast-check";
import { expect, test } from "vitest";
import { dynoObjectName, labelValue, recordName } from "./dyno-labels.ts";

/** What the API server asks of a label's value. */
const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

test("any text makes a label that Kubernetes takes, and a plain one is kept", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 90 }), (text) => void expect(labelValue(text)).toMatch(LABEL_VALUE)),
  );
  expect(labelValue("web.1")).toBe("web.1");
  expect(labelValue("-odd_type-")).toBe("odd_type");
  expect(labelValue("größe")).toBe("gr--e");
});

test("names are such that Kubernetes takes, and leave room for what it appends", () => {
  const id = "8b8f4a50-3c6f-4d8e-9d3b-0f6f2c1f9a10";
  for (const name of [dynoObjectName(id), recordName(id)]) {
    expect(name).toMatch(/^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/);
    expect(name.length).toBeLessThanOrEqual(57);
  }
});
