import { describe, expect, it, test } from "vitest";
import { LABEL } from "./cnb-labels.ts";
import { digestOf, MEDIA, makeManifest, type OciConfig, type OciDescriptor } from "./oci-documents.ts";
import type { ImageDocuments } from "./read-image-info.ts";
import { type NewBase, readStandsOn, rebaseImage, runImageNames, whyNotRebase } from "./rebase-image.ts";

const layer = (text: string): OciDescriptor => ({
  mediaType: MEDIA.layer,
  digest: digestOf(text),
  size: text.length,
});

function image(layers: readonly string[], config: Partial<OciConfig> = {}): ImageDocuments {
  const descriptors = layers.map(layer);
  return {
    manifest: makeManifest(layer("config"), descriptors),
    config: {
      ...{ architecture: "amd64", os: "linux", config: {} },
      rootfs: { type: "layers", diff_ids: descriptors.map(({ digest }) => digest) },
      history: layers.map((created_by) => ({ created_by })),
      ...config,
    },
  };
}

const DISTRO = { [LABEL.distroName]: "debian", [LABEL.distroVersion]: "12" };
const METADATA = {
  app: [{ sha: "x" }],
  runImage: { image: "run", mirrors: ["mirror/run"], topLayer: digestOf("run 1"), reference: "old" },
};
const app = image(["base", "run 1", "deps", "app"], {
  config: {
    ...{ User: "1000", Env: ["A=1"], Entrypoint: ["/cnb/process/web"] },
    Labels: {
      ...DISTRO,
      "io.buildpacks.base.version": "1",
      own: "kept",
      [LABEL.lifecycle]: JSON.stringify(METADATA),
    },
  },
});
const run = (name = "run", config: Partial<OciConfig> = {}): NewBase => ({
  ...image(["base", "between", "run 2"], {
    config: { Env: ["B=2"], Labels: { ...DISTRO, "io.buildpacks.base.version": "2", theirs: "left" } },
    ...config,
  }),
  ...{ name, digest: digestOf("run image") },
});
const rebased = (target = run(), from = app) =>
  rebaseImage({ app: from, metadata: readStandsOn(from), run: target, created: "1980-01-01T00:00:01Z" });

describe("a rebased image", () => {
  it("has the run image's layers below its own", () => {
    const { config, layers } = rebased();
    expect(layers).toEqual(["base", "between", "run 2", "deps", "app"].map(layer));
    expect(config.rootfs.diff_ids).toEqual(layers.map(({ digest }) => digest));
    expect(config.history?.map(({ created_by }) => created_by)).toEqual([
      "base",
      "between",
      "run 2",
      "deps",
      "app",
    ]);
  });

  it("keeps what it says of itself, and says of its base what the run image says", () => {
    const { config } = rebased();
    expect(config.config).toMatchObject({ User: "1000", Env: ["A=1"], Entrypoint: ["/cnb/process/web"] });
    const { [LABEL.lifecycle]: label, ...labels } = config.config.Labels ?? {};
    expect(labels).toEqual({ ...DISTRO, "io.buildpacks.base.version": "2", own: "kept" });
    const runImage = {
      image: "run",
      mirrors: ["mirror/run"],
      topLayer: digestOf("run 2"),
      reference: digestOf("run image"),
    };
    expect(JSON.parse(label ?? "")).toEqual({ ...METADATA, runImage });
  });

  it("rebased again is as if it had been rebased once", () => {
    const once = rebased();
    const between = { config: once.config, manifest: makeManifest(layer("config"), once.layers) };
    const third: NewBase = { ...run("run"), ...image(["base", "run 3"]), digest: digestOf("third") };
    expect(rebased(third, between)).toEqual(rebased(third));
  });

  it("throws for an image that does not hold what it says it stands on", () => {
    expect(() => rebased(run(), image(["other"], { config: app.config.config }))).toThrow("top layer");
  });
});

describe("an image may be put on a run image", () => {
  const labeled = (labels: Readonly<Record<string, string>>) =>
    image(["base", "run 1", "app"], { config: { Labels: { ...app.config.config.Labels, ...labels } } });
  test.each([
    ["of its name", app, run(), undefined],
    ["of a mirror's name", app, run("mirror/run"), undefined],
    ["but not of another name", app, run("other"), "not made for the run image other"],
    ["but not when it says so", labeled({ [LABEL.rebasable]: "false" }), run(), "must not be rebased"],
    ["but not of another processor", app, run("run", { architecture: "arm64" }), "for architecture amd64"],
    [
      "but not of another release",
      labeled({ [LABEL.distroVersion]: "13" }),
      run(),
      "for distribution version 13",
    ],
  ])("%s", (_name, from, target, why) => {
    const said = whyNotRebase({ app: from, metadata: readStandsOn(from), run: target });
    if (why === undefined) expect(said).toBeUndefined();
    else expect(said).toContain(why);
  });
});

describe("the label", () => {
  test.each([
    [undefined, { image: "", mirrors: [] }],
    ["{}", { image: "", mirrors: [] }],
    [JSON.stringify({ stack: { runImage: { image: "old" } } }), { image: "old", mirrors: [] }],
    [JSON.stringify(METADATA), { image: "run", mirrors: ["mirror/run"] }],
  ])("%s names the run image", (label, names) => {
    const labels: Record<string, string> = label === undefined ? {} : { [LABEL.lifecycle]: label };
    expect(runImageNames(readStandsOn(image([], { config: { Labels: labels } })))).toEqual(names);
  });

  test.each(["[]", "7", "null"])("%s is an error", (label) => {
    const damaged = image([], { config: { Labels: { [LABEL.lifecycle]: label } } });
    expect(() => readStandsOn(damaged)).toThrow("not a JSON object");
  });
});
