import { expect, test } from "vitest";
import { BusinessError, conflict, forbidden, invalidParams, notFound } from "../../kernel/index.ts";
import { asRegistryError, errorBody, RegistryError } from "./registry-error.ts";

test.each([
  [invalidParams("another digest"), "DIGEST_INVALID", 400, {}],
  [new BusinessError("payload_too_large", "too large"), "SIZE_INVALID", 413, {}],
  [conflict("too many"), "TOOMANYREQUESTS", 429, { "retry-after": "30" }],
  [new BusinessError("unavailable", "full"), "UNAVAILABLE", 507, {}],
  [notFound("upload"), "BLOB_UPLOAD_UNKNOWN", 404, {}],
  [notFound("image"), "BLOB_UNKNOWN", 404, {}],
])("a store's refusal: %s is %s", (thrown, code, status, headers) => {
  const { message } = thrown;
  expect(asRegistryError(thrown)).toMatchObject({ code, status, headers, message });
});

test("a refusal of the registry stays what it is, and everything else is ours", () => {
  const refusal = new RegistryError("DENIED", "no");
  expect(asRegistryError(refusal)).toBe(refusal);
  for (const thrown of [new Error("x"), "x", undefined, forbidden("x")])
    expect(asRegistryError(thrown)).toBeUndefined();
});

test("the document is that of the specification", () => {
  expect(JSON.parse(errorBody("DENIED", "no"))).toEqual({ errors: [{ code: "DENIED", message: "no" }] });
});
