import { expect, it } from "vitest";
import { makeRebaseProvenance } from "./rebase-provenance.ts";

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;

it("is an in-toto Statement v1 with a SLSA v1 predicate that names both images", () => {
  const rebased = {
    image: { name: "common/app", digest: digest("a") },
    from: digest("b"),
    runImage: { name: "conifer/run:debian-12", digest: digest("c") },
    passId: "pass-1",
    startedAt: new Date("2026-01-02T03:04:05Z"),
    finishedAt: new Date("2026-01-02T03:04:06Z"),
    installation: { id: "urn:conifer:installation:k", coniferVersion: "0.1.0", engine: "embedded" },
    bills: { "sbom-spdx": digest("d") },
  };
  expect(makeRebaseProvenance(rebased)).toEqual({
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: "common/app", digest: { sha256: "a".repeat(64) } }],
    predicateType: "https://slsa.dev/provenance/v1",
    predicate: {
      buildDefinition: {
        buildType: "urn:conifer:rebase:v1",
        externalParameters: { image: digest("b"), runImage: `conifer/run:debian-12@${digest("c")}` },
        internalParameters: { engine: "embedded" },
        resolvedDependencies: [
          { name: "app image", uri: "common/app", digest: { sha256: "b".repeat(64) } },
          { name: "run image", uri: "conifer/run:debian-12", digest: { sha256: "c".repeat(64) } },
        ],
      },
      runDetails: {
        builder: { id: "urn:conifer:installation:k", version: { conifer: "0.1.0" } },
        metadata: {
          invocationId: "pass-1",
          startedOn: "2026-01-02T03:04:05.000Z",
          finishedOn: "2026-01-02T03:04:06.000Z",
        },
        byproducts: [{ name: "sbom-spdx", digest: { sha256: "d".repeat(64) } }],
      },
    },
  });
});
