import { describe, expect, it } from "vitest";
import { FAILURES, type FailureCode, failureStatus } from "./failure.ts";
import { type RequestRecord, routerLine } from "./router-line.ts";

const RECORD: RequestRecord = {
  method: "GET",
  path: "/a?b=1",
  host: "app.localhost",
  requestId: "the-id",
  fwd: "10.0.0.9",
  dyno: "web.1",
  connectMs: 0.6,
  serviceMs: 18.2,
  status: 200,
  bytes: 12,
  minor: 1,
  tlsVersion: undefined,
};
const REST =
  'method=GET path="/a?b=1" host=app.localhost request_id=the-id fwd="10.0.0.9" dyno=web.1 connect=1ms service=18ms';

describe("the router's line", () => {
  it.each<[string, Partial<RequestRecord>, string]>([
    [
      "a good request",
      {},
      `at=info ${REST} status=200 bytes=12 protocol=http1.1 tls=false tls_version=unknown`,
    ],
    [
      "a request over TLS from an old client",
      { tlsVersion: "TLSv1.3", minor: 0 },
      `at=info ${REST} status=200 bytes=12 protocol=http1.0 tls=true tls_version=tls1.3`,
    ],
    [
      "a failure",
      { failure: { code: "H12" }, status: 503, bytes: 0 },
      `at=error code=H12 desc="Request timeout" ${REST} status=503 bytes=0 protocol=http1.1 tls=false tls_version=unknown`,
    ],
    [
      "the side that went away",
      { failure: { code: "H27" }, status: 499 },
      `at=warning code=H27 desc="Client Request Interrupted" sock=client ${REST} status=499 bytes=12 protocol=http1.1 tls=false tls_version=unknown`,
    ],
    [
      "a cause",
      { failure: { code: "H26", cause: "bad header" }, status: 400 },
      `at=error code=H26 desc="Request Error" cause="bad header" ${REST} status=400 bytes=12 protocol=http1.1 tls=false tls_version=unknown`,
    ],
    [
      "a restriction",
      { failure: { code: "H25", desc: "oversized cookie" }, status: 502 },
      `at=error code=H25 desc="HTTP Restriction: oversized cookie" ${REST} status=502 bytes=12 protocol=http1.1 tls=false tls_version=unknown`,
    ],
  ])("of %s", (_name, parts, expected) => {
    expect(routerLine({ ...RECORD, ...parts })).toBe(expected);
  });

  it("leaves what never was empty, and escapes quotes", () => {
    const line = routerLine({
      ...RECORD,
      path: '/"\\',
      dyno: undefined,
      connectMs: undefined,
      serviceMs: undefined,
    });
    expect(line).toContain('path="/\\"\\\\" ');
    expect(line).toContain("dyno= connect= service= status=200");
  });
});

describe("failures", () => {
  it.each<[FailureCode, number, string]>([
    ["H10", 503, "error"],
    ["H12", 503, "error"],
    ["H25", 502, "error"],
    ["H26", 400, "error"],
    ["H27", 499, "warning"],
    ["H28", 499, "warning"],
    ["H80", 503, "info"],
    ["H81", 502, "info"],
    ["H99", 503, "error"],
  ])("%s answers %i at %s", (code, status, at) => {
    expect(FAILURES[code]).toMatchObject({ status, at });
    expect(failureStatus({ code })).toBe(status);
  });

  it("may have a status of their own", () => {
    expect(failureStatus({ code: "H26", status: 417 })).toBe(417);
  });
});
