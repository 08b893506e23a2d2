import { describe, expect, test } from "vitest";
import { repository } from "./registry-fixtures.ts";
import { parseRoute } from "./registry-routes.ts";

const DIGEST = `sha256:${"0".repeat(64)}`;
const ID = "2f1c6a52-5d3e-4b57-8a43-0d9c2f6b7e11";
const at = repository("team/app");

test.each([
  ["/v2/", { kind: "ping" }],
  ["/v2", { kind: "ping" }],
  ["/v2/token", { kind: "token" }],
  ["/v2/team/app/manifests/v1", { kind: "manifest", repository: at, reference: "v1" }],
  [`/v2/team/app/manifests/${DIGEST}`, { kind: "manifest", repository: at, reference: DIGEST }],
  [`/v2/team/app/blobs/${DIGEST}`, { kind: "blob", repository: at, digest: DIGEST }],
  ["/v2/team/app/blobs/uploads/", { kind: "uploads", repository: at }],
  ["/v2/team/app/blobs/uploads", { kind: "uploads", repository: at }],
  [`/v2/team/app/blobs/uploads/${ID}`, { kind: "upload", repository: at, id: ID }],
  ["/v2/team/app/tags/list", { kind: "tags", repository: at }],
  [`/v2/team/app/referrers/${DIGEST}`, { kind: "referrers", repository: at, digest: DIGEST }],
  ["/v2/blobs/uploads/tags/list", { kind: "tags", repository: repository("blobs/uploads") }],
])("%s", (path, wanted) => {
  expect(parseRoute(path)).toEqual(wanted);
});

describe("is refused:", () => {
  test.each([
    ["", "NAME_INVALID", 404],
    ["/", "NAME_INVALID", 404],
    ["/v1/team/app/tags/list", "NAME_INVALID", 404],
    ["/v2/_catalog", "NAME_INVALID", 404],
    ["/v2/app/manifests/v1", "UNSUPPORTED", 404],
    ["/v2/a/b/c/manifests/v1", "UNSUPPORTED", 404],
    ["/v2/team/../other/manifests/v1", "NAME_INVALID", 404],
    ["/v2/../team/app/tags/list", "NAME_INVALID", 404],
    ["/v2/team/%2e%2e/tags/list", "NAME_INVALID", 404],
    ["/v2/team%2fapp/manifests/v1", "NAME_INVALID", 404],
    ["/v2//team/app/tags/list", "NAME_INVALID", 404],
    ["/v2/team//tags/list", "NAME_INVALID", 404],
    ["/v2/Team/app/tags/list", "NAME_INVALID", 404],
    ["/v2/team/app/tags/list/", "UNSUPPORTED", 404],
    ["/v2/team/app/nothing", "UNSUPPORTED", 404],
    ["/v2/team/app/manifests/", "MANIFEST_UNKNOWN", 404],
    ["/v2/team/app/manifests/../x", "UNSUPPORTED", 404],
    ["/v2/team/app/manifests/..", "MANIFEST_UNKNOWN", 404],
    ["/v2/team/app/manifests/%2e", "MANIFEST_UNKNOWN", 404],
    ["/v2/team/app/manifests/sha256:abc", "DIGEST_INVALID", 400],
    ["/v2/team/app/blobs/sha256:../../../index.json", "UNSUPPORTED", 404],
    ["/v2/team/app/blobs/sha256:abc", "DIGEST_INVALID", 400],
    [`/v2/team/app/blobs/sha512:${"0".repeat(128)}`, "BLOB_UNKNOWN", 404],
    [`/v2/team/app/blobs/sha512:${"0".repeat(64)}`, "DIGEST_INVALID", 400],
    ["/v2/team/app/blobs/uploads/..", "BLOB_UPLOAD_UNKNOWN", 404],
    [`/v2/team/app/blobs/uploads/${ID.toUpperCase()}`, "BLOB_UPLOAD_UNKNOWN", 404],
    ["/v2/team/app/referrers/v1", "DIGEST_INVALID", 400],
  ])("%j with %s", (path, code, status) => {
    expect(() => parseRoute(path)).toThrow(expect.objectContaining({ code, status }));
  });
});
