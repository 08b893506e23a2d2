import { describe, expect, it } from "vitest";
import { breakOf, refusalOf } from "./registry-request-error.ts";

const refuse = (status: number, body = "", more: { retryAfter?: string; named?: boolean } = {}) =>
  refusalOf({ doing: "pushing x to r.example/a", status, body, named: false, ...more });
const failed = (code: string, message = "it broke") => Object.assign(new Error(message), { code });

describe("a refusal", () => {
  it("says what was asked, what came back, and what to do", () => {
    const body = JSON.stringify({ errors: [{ code: "DENIED", message: "no" }, { code: "UNSUPPORTED" }] });
    const error = refuse(403, body);
    expect(error.message).toBe(
      "pushing x to r.example/a: answer 403 (DENIED: no; UNSUPPORTED). This user may not do that there; it takes a right to the repository.",
    );
    expect([error.status, error.codes, error.passing]).toEqual([403, ["DENIED", "UNSUPPORTED"], false]);
  });

  it.each([
    [401, {}, /wants a user and password/],
    [401, { named: true }, /does not take this user and password/],
    [404, {}, /names of the registry/],
    [413, {}, /of this size/],
    [429, {}, /too many requests/],
    [503, {}, /try again later/],
    [507, {}, /no room left/],
    [400, {}, /answer 400 \(bad\)\.$/],
  ])("%i %j", (status, more, wanted) => expect(refuse(status, "bad", more).message).toMatch(wanted));

  it.each([
    [400, false],
    [404, false],
    [408, true],
    [429, true],
    [500, true],
    [501, false],
    [502, true],
    [503, true],
    [507, false],
  ])("%i may pass: %s", (status, passing) => expect(refuse(status).passing).toBe(passing));

  it("quotes what is no answer of a registry in part, and takes any body", () => {
    expect(refuse(502, `<html>\n  ${"x".repeat(2000)}`).message.length).toBeLessThan(450);
    for (const body of ["null", "{}", '{"errors":1}', '{"errors":[null,{"code":1}]}', "[]", "{"])
      expect(refuse(400, body).codes).toEqual([]);
  });

  it.each([
    ["7", 7],
    ["0", 0],
    ["Wed, 21 Oct 2026 07:28:00 GMT", undefined],
    ["-1", undefined],
    [undefined, undefined],
  ])("reads Retry-After %j", (retryAfter, wanted) =>
    expect(refuse(429, "", retryAfter === undefined ? {} : { retryAfter }).retryAfterSeconds).toBe(wanted),
  );
});

describe("a break", () => {
  it.each([
    ["ECONNREFUSED", true, /Nothing listens there/],
    ["ENOTFOUND", false, /no such host/],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", false, /not trusted/],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", false, /not trusted/],
    ["ERR_TLS_CERT_ALTNAME_INVALID", false, /not trusted/],
    ["ERR_SSL_WRONG_VERSION_NUMBER", false, /plain http/],
    ["ERR_SSL_PACKET_LENGTH_TOO_LONG", false, /plain http/],
    ["EPROTO", false, /plain http/],
    ["ECONNRESET", true, /can be reached/],
  ])("%s may pass: %s", (code, passing, advice) => {
    const error = breakOf("asking", failed(code));
    expect([error.status, error.passing]).toEqual([0, passing]);
    expect(error.message).toMatch(/^asking: it broke\. /);
    expect(error.message).toMatch(advice);
  });

  it("looks below the surface", () => {
    const inner = new AggregateError([failed("ECONNREFUSED", "::1"), failed("ECONNREFUSED", "127.0.0.1")]);
    expect(breakOf("asking", inner).message).toMatch(/::1; 127\.0\.0\.1.*Nothing listens/);
    const wrapped = new Error("failed", { cause: failed("ECONNREFUSED", "refused") });
    expect(breakOf("asking", wrapped).message).toMatch(/failed \(refused\)\. Nothing listens/);
    expect(breakOf("asking", "odd").message).toMatch(/^asking: odd\./);
  });
});
