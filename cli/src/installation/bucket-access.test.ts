import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readConfig } from "../../../platform/src/compose/config.ts";
import { CliError } from "../cli-error.ts";
import { bucketAccess } from "./bucket-access.ts";
import { installation } from "./installation-fixtures.ts";
import { flowsOf } from "./role-flows.ts";
import { shapeOf } from "./role-shape.ts";
import { ROLE, ROLES } from "./role-table.ts";
import { VALUES } from "./value-table.ts";

const BUCKET = { "registry.s3": "s3://images/conifer", "registry.s3Credentials": "bucket-key" };
const environmentOf = (overrides: object) =>
  Object.fromEntries(
    bucketAccess("registry", installation({ ...BUCKET, ...overrides })).environment.map(({ name, value }) => [
      name,
      value,
    ]),
  );

describe("the registry's way to its bucket", () => {
  test("is told to no role when images are on a volume, and to the registry alone otherwise", () => {
    const nothing = { volumes: [], mounts: [], environment: [] };
    for (const role of ROLES) {
      expect(bucketAccess(role, installation())).toEqual(nothing);
      if (role !== "registry") expect(bucketAccess(role, installation(BUCKET))).toEqual(nothing);
    }
  });

  test("has credentials as files of the Secret, readable by its group only and never as variables", () => {
    const { volumes, mounts, environment } = bucketAccess("registry", installation(BUCKET));
    expect(volumes).toEqual([{ name: "s3", secret: { secretName: "bucket-key", defaultMode: 0o440 } }]);
    expect(mounts).toEqual([{ name: "s3", mountPath: "/etc/conifer/s3", readOnly: true }]);
    expect(environment.map(({ name }) => name)).not.toContainEqual(expect.stringMatching(/KEY/));
    // The platform looks where the Secret is mounted.
    expect(readConfig(environmentOf({})).registryStorage?.credentials).toEqual({
      folder: mounts[0]?.mountPath,
    });
  });

  test("names nothing that was not given, so that the platform's own defaults hold", () => {
    expect(Object.keys(environmentOf({}))).toEqual([
      "CONIFER_REGISTRY_STORAGE",
      "CONIFER_S3_REGION",
      "CONIFER_S3_CREDENTIALS",
    ]);
    expect(readConfig(environmentOf({})).registryStorage).toMatchObject({
      ...{ endpoint: "https://s3.us-east-1.amazonaws.com", addressing: "host" },
    });
  });

  test.each([
    [{ "registry.s3Endpoint": "http://minio:9000" }, { endpoint: "http://minio:9000", addressing: "path" }],
    [
      { "registry.s3Endpoint": "https://s3.example", "registry.s3Addressing": "host" },
      { endpoint: "https://s3.example", addressing: "host" },
    ],
    [{ "registry.s3Addressing": "path" }, { addressing: "path" }],
    [{ "registry.s3Region": "eu-west-1" }, { endpoint: "https://s3.eu-west-1.amazonaws.com" }],
  ])("given as %j is understood by the platform", (overrides, storage) => {
    expect(readConfig(environmentOf(overrides)).registryStorage).toMatchObject(storage);
  });

  // Otherwise an installation is begun whose registry never starts.
  test("is refused at install wherever the registry would refuse it at its start", () => {
    const folder = fc.stringMatching(/^[A-Za-z0-9._-]{0,6}$/);
    const place = fc
      .tuple(fc.stringMatching(/^[a-z0-9.-]{0,8}$/), fc.array(folder, { maxLength: 10 }))
      .map(([bucket, folders]) => ["s3:/", bucket, ...folders].join("/"));
    fc.assert(
      fc.property(place, (text) => {
        const taken = VALUES["registry.s3"].read(text);
        if (taken !== undefined)
          expect(() => readConfig(environmentOf({ "registry.s3": taken }))).not.toThrow();
      }),
    );
  });

  test.each([
    ["s3://images", true],
    ["s3://images/", true],
    ["s3://my.images-2/conifer/prod/", true],
    [`s3://images/${"a/".repeat(8)}`, true],
    [`s3://images/${"a".repeat(100)}`, true],
    ["s3://im..ages", false],
    ["s3://images/a//b", false],
    ["s3://images/../other", false],
    ["s3://images/.hidden", false],
    [`s3://images/${"a/".repeat(9)}`, false],
    [`s3://images/${"a".repeat(101)}`, false],
    ["s3://Images", false],
    ["images", false],
  ])("%s is a place: %s, for installer and registry alike", (text, isPlace) => {
    expect(VALUES["registry.s3"].read(text) !== undefined).toBe(isPlace);
    const env = { CONIFER_REGISTRY_STORAGE: text, CONIFER_S3_CREDENTIALS: "/s3" };
    const started = () => readConfig(env);
    if (isPlace) expect(started).not.toThrow();
    else expect(started).toThrow(/CONIFER_REGISTRY_STORAGE must be/);
  });

  test.each([
    "https://store:99999",
    "https://:9000",
    "http://a:b",
    "https://store/path",
    "https://store?x",
    "ftp://store",
    "store:9000",
  ])("%s is no store's address, which is said as a mistake in the values", (endpoint) => {
    const given = () => installation({ ...BUCKET, "registry.s3Endpoint": endpoint });
    expect(given).toThrow(CliError);
    expect(given).toThrow(/registry\.s3Endpoint must be an http or https address/);
  });

  test("whose address holds a password is refused without it", () => {
    for (const endpoint of [
      "https://root:hush@store",
      'https://root:hu"sh@x@store',
      "https://root:hush/@s",
    ]) {
      const given = () => installation({ ...BUCKET, "registry.s3Endpoint": endpoint });
      expect(given).toThrow(/registry\.s3Endpoint must be an http or https address, not "https:\/\/\.\.\.@s/);
      expect(given).not.toThrow(/root|hu/);
    }
  });
});

test.each([
  [undefined, 443],
  ["https://store", 443],
  ["https://store:443", 443],
  ["http://store", 80],
  ["http://store:9000/", 9000],
  ["http://[fd00::1]:9000", 9000],
])("a store at %s is let through at port %i, to the registry alone", (endpoint, port) => {
  const all = flowsOf(installation({ ...BUCKET, "registry.s3Endpoint": endpoint }));
  expect(all.filter(({ to }) => to === "object store")).toEqual([
    { from: "registry", to: "object store", ports: [port] },
  ]);
});

test("only a registry with a bucket is of another shape, and it keeps nothing", () => {
  for (const role of ROLES) {
    expect(shapeOf(role, installation())).toBe(ROLE[role]);
    const shape = shapeOf(role, installation(BUCKET));
    if (role === "registry") expect(shape).toEqual({ ...ROLE[role], kind: "Deployment", state: "scratch" });
    else expect(shape).toBe(ROLE[role]);
  }
});
