import { expect, test } from "vitest";
import { BusinessError } from "../kernel/index.ts";
import { inApiWords, unreadableAnswer, unsupportedMediaType } from "./framework-error.ts";

test.each([
  ["FST_ERR_CTP_BODY_TOO_LARGE", "payload_too_large", /1048576 bytes/],
  ["FST_ERR_CTP_INVALID_MEDIA_TYPE", "unsupported_media_type", /application\/json\.$/],
  ["FST_ERR_BAD_URL", "bad_request", /malformed/],
  ["FST_ERR_MAX_PARAM_LENGTH", "not_found", /so long/],
  ["FST_ERR_CTP_INVALID_CONTENT_LENGTH", "bad_request", /Content-Length/],
])("%s becomes %s", (code, id, text) => {
  const said = inApiWords(Object.assign(new Error("x"), { code }));
  expect(said).toMatchObject({ id, message: expect.stringMatching(text) });
});

test("everything else stays as it is", () => {
  const other = Object.assign(new Error("x"), { code: "FST_ERR_OTHER" });
  const business = new BusinessError("conflict", "x");
  for (const thrown of [other, business, "text", null, undefined]) expect(inApiWords(thrown)).toBe(thrown);
});

test("a strange media type is named, within measure", () => {
  expect(unsupportedMediaType("text/plain").message).toMatch(/not text\/plain\.$/);
  expect(unsupportedMediaType("x".repeat(5_000)).message.length).toBeLessThan(300);
});

test.each([
  ["HPE_HEADER_OVERFLOW", 431, "bad_request"],
  ["ERR_HTTP_REQUEST_TIMEOUT", 408, "request_timeout"],
  ["HPE_INVALID_METHOD", 400, "bad_request"],
  [undefined, 400, "bad_request"],
])("a request that cannot be read for %s gets %i", (code, status, id) => {
  const [head = "", body = ""] = unreadableAnswer(code).split("\r\n\r\n");
  expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(head).toContain(`Content-Length: ${Buffer.byteLength(body)}`);
  expect(head).toContain("Connection: close");
  expect(JSON.parse(body)).toEqual({ id, message: expect.any(String) });
});
