import { describe, expect, it } from "vitest";
import { type BuiltImage, makeProvenance, publicAddress } from "./slsa-provenance.ts";

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const at = (seconds: number) => new Date(Date.UTC(2026, 0, 2, 3, 4, seconds));

const built: BuiltImage = {
  image: { name: "apps/a", digest: digest("a") },
  build: { id: "build-1", stack: "cnb", acceptedAt: at(0), startedAt: at(2), finishedAt: at(5) },
  source: { digest: digest("b"), uri: undefined, version: "v1", ref: null, folder: undefined },
  builder: {
    id: "urn:conifer:installation:k",
    ...{ coniferVersion: "0.1.0", engine: "embedded", image: undefined, lifecycleVersion: undefined },
  },
  buildpacks: [],
  runImage: { name: "", digest: "" },
  bills: { "sbom-spdx": digest("c") },
};

describe("provenance", () => {
  it("is an in-toto Statement v1 with a SLSA v1 predicate, whole", () => {
    expect(makeProvenance(built)).toEqual({
      _type: "https://in-toto.io/Statement/v1",
      subject: [{ name: "apps/a", digest: { sha256: "a".repeat(64) } }],
      predicateType: "https://slsa.dev/provenance/v1",
      predicate: {
        buildDefinition: {
          buildType: "urn:conifer:build:cnb:v1",
          externalParameters: {
            source: { uri: `urn:conifer:source:${digest("b")}`, version: "v1" },
            stack: "cnb",
          },
          internalParameters: { engine: "embedded", buildpacks: [] },
          resolvedDependencies: [
            { name: "source", uri: `urn:conifer:source:${digest("b")}`, digest: { sha256: "b".repeat(64) } },
            { name: "run image", uri: "host" },
          ],
        },
        runDetails: {
          builder: { id: "urn:conifer:installation:k", version: { conifer: "0.1.0" } },
          metadata: {
            invocationId: "build-1",
            startedOn: "2026-01-02T03:04:02.000Z",
            finishedOn: "2026-01-02T03:04:05.000Z",
            conifer_durations: { waiting_seconds: 2, building_seconds: 3 },
          },
          byproducts: [{ name: "sbom-spdx", digest: { sha256: "c".repeat(64) } }],
        },
      },
    });
  });

  it.each([
    ["0".repeat(40), { sha256: "b".repeat(64), gitCommit: "0".repeat(40) }],
    ["0".repeat(39), { sha256: "b".repeat(64) }],
    [null, { sha256: "b".repeat(64) }],
  ])("calls %s a commit when it is one", (version, wanted) => {
    const text = JSON.stringify(makeProvenance({ ...built, source: { ...built.source, version } }));
    expect(text).toContain(`"digest":${JSON.stringify(wanted)}`);
  });

  it("names the builder image by its digest", () => {
    const image = `conifer/builder@${digest("d")}`;
    expect(makeProvenance({ ...built, builder: { ...built.builder, image } })).toMatchObject({
      predicate: {
        buildDefinition: {
          resolvedDependencies: [
            {},
            { name: "builder image", uri: "conifer/builder", digest: { sha256: "d".repeat(64) } },
            {},
          ],
        },
      },
    });
  });

  it("of a clock that was set back lasts no less than nothing", () => {
    const build = { ...built.build, finishedAt: at(0) };
    expect(makeProvenance({ ...built, build })).toMatchObject({
      predicate: { runDetails: { metadata: { conifer_durations: { building_seconds: 0 } } } },
    });
  });
});

it.each([
  ["https://u:p@example.com/a.tgz?sig=1#x", "https://example.com/a.tgz"],
  ["git+https://localhost:6400/app.git", "git+https://localhost:6400/app.git"],
  ["not an address", "urn:conifer:source:unknown"],
])("%s is told as %s", (given, told) => {
  expect(publicAddress(given)).toBe(told);
});
