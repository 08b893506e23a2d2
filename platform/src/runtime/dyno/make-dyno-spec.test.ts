import { describe, expect, test } from "vitest";
import type { ImageProcess } from "../../delivery/image/index.ts";
import { commandOf, type DynoIngredients, dynoKey, imageOf, makeDynoSpec } from "./make-dyno-spec.ts";

const INGREDIENTS: DynoIngredients = {
  id: "dyno-id",
  name: "web.1",
  type: "web",
  app: { id: "app-id", name: "my-app", host: "my-app.localhost" },
  release: {
    id: "release-id",
    version: 7,
    createdAt: "2026-01-02T03:04:05Z",
    description: "Deploy 1a2b3c4d",
    image: "sha256:aa",
    commit: "1a2b3c4d",
  },
  config: { B: "2", A: "1" },
  command: { kind: "process", type: "web" },
  displayCommand: "npm start",
  limits: { memoryBytes: 2 ** 29, cpuShare: 1, pids: 256 },
  duty: "serve",
};

test("a dyno is made of its release, config and metadata", () => {
  expect(makeDynoSpec(INGREDIENTS)).toEqual({
    id: "dyno-id",
    name: "web.1",
    type: "web",
    appId: "app-id",
    appName: "my-app",
    releaseId: "release-id",
    releaseVersion: 7,
    image: "sha256:aa",
    command: { kind: "process", type: "web" },
    displayCommand: "npm start",
    env: {
      A: "1",
      B: "2",
      HEROKU_APP_DEFAULT_DOMAIN_NAME: "my-app.localhost",
      HEROKU_APP_ID: "app-id",
      HEROKU_APP_NAME: "my-app",
      HEROKU_BUILD_COMMIT: "1a2b3c4d",
      HEROKU_BUILD_DESCRIPTION: "Deploy 1a2b3c4d",
      HEROKU_DYNO_ID: "dyno-id",
      HEROKU_RELEASE_CREATED_AT: "2026-01-02T03:04:05Z",
      HEROKU_RELEASE_VERSION: "v7",
      HEROKU_SLUG_COMMIT: "1a2b3c4d",
      HEROKU_SLUG_DESCRIPTION: "Deploy 1a2b3c4d",
    },
    limits: { memoryBytes: 2 ** 29, cpuShare: 1, pids: 256 },
    bootSeconds: 60,
    stopSeconds: 30,
    duty: "serve",
  });
});

test("config is stronger than metadata, and what a caller adds is stronger than both", () => {
  const config = { HEROKU_APP_NAME: "from config", HEROKU_APP_ID: "from config" };
  const { env } = makeDynoSpec({ ...INGREDIENTS, config, extraEnv: { HEROKU_APP_ID: "from the caller" } });
  expect(env).toMatchObject({ HEROKU_APP_NAME: "from config", HEROKU_APP_ID: "from the caller" });
});

describe("what a process type runs", () => {
  const process: ImageProcess = {
    type: "web",
    command: ["/server"],
    args: ["-v"],
    direct: true,
    default: true,
  };
  const image = `sha256:${"b".repeat(64)}`;
  const container = { image, sizeBytes: 1 };
  const RELEASE = { image: "sha256:aa" };

  test("is known to the image's launcher by its name", () => {
    expect([commandOf(process, "web"), imageOf(process, RELEASE)]).toEqual([
      { kind: "process", type: "web" },
      { image: "sha256:aa" },
    ]);
    expect(commandOf(undefined, "gone")).toEqual({ kind: "process", type: "gone" });
  });

  test("is in the image of a builder of others whom that image's base names", () => {
    const user = { uid: 1002, gid: 1000 };
    expect(imageOf(process, { ...RELEASE, info: { user } })).toEqual({ image: "sha256:aa", user });
    expect(imageOf({ container }, { ...RELEASE, info: { user } })).toEqual({ image, container: {} });
    expect(imageOf(process, { ...RELEASE, info: null })).toEqual(RELEASE);
    expect(makeDynoSpec({ ...INGREDIENTS, user }).user).toEqual(user);
    expect(makeDynoSpec(INGREDIENTS)).not.toHaveProperty("user");
  });

  test("is in an image for several processors, on machines with any of them", () => {
    const platforms = [
      { architecture: "amd64", digest: "sha256:b" },
      { architecture: "arm64", digest: "sha256:c" },
    ] as const;
    const architectures = ["amd64", "arm64"];
    expect(imageOf(process, { ...RELEASE, info: { platforms } })).toEqual({
      image: "sha256:aa",
      architectures,
    });
    expect(makeDynoSpec({ ...INGREDIENTS, architectures }).architectures).toEqual(architectures);
    expect(makeDynoSpec(INGREDIENTS)).not.toHaveProperty("architectures");
  });

  test("is a program in an image of its own, as the user that it wants", () => {
    const user = { uid: 5, gid: 6 };
    expect(commandOf({ ...process, container }, "web")).toEqual({ kind: "program", argv: ["/server", "-v"] });
    expect(imageOf({ container }, RELEASE)).toEqual({ image, container: {} });
    expect(imageOf({ container: { ...container, user } }, RELEASE)).toEqual({
      image,
      container: { user },
    });
    const spec = makeDynoSpec({ ...INGREDIENTS, container: { user } });
    expect(spec.container).toEqual({ user });
    expect(makeDynoSpec(INGREDIENTS)).not.toHaveProperty("container");
  });
});

describe("the key of a dyno", () => {
  const keyOf = (parts: Partial<DynoIngredients> & { image?: string } = {}) =>
    dynoKey({ ...INGREDIENTS, image: "sha256:aa", ...parts });

  test.each<[string, Partial<DynoIngredients>]>([
    ["its id", { id: "another" }],
    [
      "its release",
      { release: { ...INGREDIENTS.release, id: "x", version: 8, description: "Rollback to v7" } },
    ],
    ["the order of its config", { config: { A: "1", B: "2" } }],
    ["its duty", { duty: "stand-by" }],
    ["its name", { name: "web.2" }],
  ])("does not depend on %s", (_name, parts) => {
    expect(keyOf(parts)).toBe(keyOf());
  });

  test.each<[string, Partial<DynoIngredients> & { image?: string }]>([
    ["its image", { image: "sha256:bb" }],
    ["a value of its config", { config: { A: "1", B: "3" } }],
    ["a name of its config", { config: { A: "1", C: "2" } }],
    ["more config", { config: { A: "1", B: "2", C: "" } }],
    ["its command", { command: { kind: "process", type: "api" } }],
    ["its size", { limits: { ...INGREDIENTS.limits, memoryBytes: 2 ** 30 } }],
    ["its app's name", { app: { ...INGREDIENTS.app, name: "renamed" } }],
    ["its app's host name", { app: { ...INGREDIENTS.app, host: "renamed.localhost" } }],
  ])("depends on %s", (_name, parts) => {
    expect(keyOf(parts)).not.toBe(keyOf());
  });

  test("tells no secret", () => {
    expect(keyOf({ config: { SECRET: "hunter2" } })).toMatch(/^[0-9a-f]{64}$/);
  });
});
