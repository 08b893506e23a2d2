import { describe, expect, it } from "vitest";
import { createdTime, entrypointFor, makeAppConfig } from "./app-image-config.ts";
import type { MadeLayer } from "./image-layers.ts";
import type { LaunchFile, LaunchProcess } from "./launch-metadata.ts";
import { digestOf, LABEL, MEDIA, type OciConfig } from "./oci.ts";

const processOf = (type: string, execEnv: readonly string[] = []): LaunchProcess => ({
  ...{
    type,
    command: [type],
    args: [],
    direct: true,
    replaceArgs: true,
    workingDir: "",
    buildpackId: "test/a",
  },
  execEnv,
});
const launchOf = (types: readonly LaunchProcess[], defaultType = ""): LaunchFile => ({
  ...{ processes: types, defaultType, slices: [] },
  labels: { mine: "yes" },
});
const layer = (what: string): MadeLayer => {
  const digest = digestOf(what);
  return {
    what,
    reused: false,
    image: { diffId: digest, descriptor: { mediaType: MEDIA.layer, digest, size: 1 } },
  };
};
const RUN: OciConfig = {
  architecture: "amd64",
  os: "linux",
  config: { User: "1000", Env: ["PATH=/bin", "KEPT=1"], Cmd: ["bash"], Labels: { from: "run", mine: "no" } },
  rootfs: { type: "layers", diff_ids: [] },
};
const make = (run: OciConfig = RUN) =>
  makeAppConfig({
    run,
    layers: [layer("one"), layer("two")],
    metadata: { runImage: { image: "base" } },
    launch: launchOf([processOf("web")]),
    group: [{ id: "test/a", version: "1", api: "0.12", homepage: "https://a.example" }],
    project: {},
    entrypoint: "/cnb/process/web",
    ...{ app: "/workspace", layersDir: "/layers", created: "1980-01-01T00:00:01Z", lifecycleVersion: "1" },
  });

describe("the config of an app image", () => {
  it("keeps what the run image says, but for what the specification sets", () => {
    const { config, ...rest } = make();
    expect(rest).toEqual({
      ...{ architecture: "amd64", os: "linux", created: "1980-01-01T00:00:01Z" },
      rootfs: { type: "layers", diff_ids: [digestOf("one"), digestOf("two")] },
      history: ["one", "two"].map((what) => ({
        created: "1980-01-01T00:00:01Z",
        created_by: `buildpacks: ${what}`,
      })),
    });
    expect(config).toMatchObject({
      User: "1000",
      Env: ["PATH=/cnb/process:/bin", "KEPT=1", "CNB_LAYERS_DIR=/layers", "CNB_APP_DIR=/workspace"],
      Entrypoint: ["/cnb/process/web"],
      WorkingDir: "/workspace",
      Labels: { from: "run", mine: "yes", [LABEL.rebasable]: "true", [LABEL.project]: "{}" },
    });
    expect(config.Cmd).toBeUndefined();
  });

  it("puts its layers on those of the run image, and leaves a history out that would not add up", () => {
    const run = { ...RUN, rootfs: { type: "layers" as const, diff_ids: [digestOf("base")] } };
    expect(make(run).rootfs.diff_ids[0]).toBe(digestOf("base"));
    expect(make(run).history).toBeUndefined();
    expect(make({ ...run, history: [{ created_by: "base" }] }).history).toHaveLength(3);
  });

  it("is not to be rebased when the run image is not", () => {
    const labels = { [LABEL.rebasable]: "false" };
    expect(make({ ...RUN, config: { Labels: labels } }).config.Labels?.[LABEL.rebasable]).toBe("false");
  });
});

describe("what an image starts", () => {
  const launch = launchOf([processOf("web"), processOf("tests", ["test"])], "web");
  const cases: readonly [string, LaunchFile, string, string, string][] = [
    ["the buildpacks' default", launch, "", "production", "/cnb/process/web"],
    ["the type asked for", launch, "tests", "test", "/cnb/process/tests"],
    [
      "the launcher, without a default",
      launchOf([processOf("web")]),
      "",
      "production",
      "/cnb/lifecycle/launcher",
    ],
    [
      "the launcher, when the default is not for here",
      launchOf([processOf("web", ["test"])], "web"),
      "",
      "production",
      "/cnb/lifecycle/launcher",
    ],
  ];
  it.each(cases)("%s", (_, file, asked, execEnv, expected) => {
    expect(entrypointFor(file, asked, execEnv)).toBe(expected);
  });
  it("is an error for a type that is not there, or not for here", () => {
    expect(() => entrypointFor(launch, "none", "production")).toThrow('"none" is not among web');
    expect(() => entrypointFor(launch, "tests", "production")).toThrow('"tests" is not among web');
  });
});

it("the time of creation is SOURCE_DATE_EPOCH or a constant", () => {
  expect(["0", "1700000000", undefined, "", "soon"].map(createdTime)).toEqual([
    "1970-01-01T00:00:00Z",
    "2023-11-14T22:13:20Z",
    ...Array(3).fill("1980-01-01T00:00:01Z"),
  ]);
});
