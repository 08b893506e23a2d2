import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BuilderContent, builderLabels } from "./builder-labels.ts";

const lifecycle = { version: "1.2.3", platformApis: ["0.14", "0.15"], buildpackApis: ["0.10", "0.12"] };
const content: BuilderContent = {
  buildpacks: [
    { id: "conifer/nodejs", version: "1.0.0", api: "0.12" },
    { id: "conifer/procfile", version: "2.1.0", api: "0.10" },
  ],
  order: [
    {
      group: [
        { id: "conifer/nodejs", version: "1.0.0" },
        { id: "conifer/procfile", version: "2.1.0", optional: true },
      ],
    },
  ],
  lifecycle,
};
const at = { runImage: "conifer/run:debian-12", buildpackLayer: `sha256:${"ab".repeat(32)}` };

/** Labels hold JSON; the lifecycle's version is plain text. */
function read(labels: Readonly<Record<string, string>>) {
  const plain = "io.buildpacks.lifecycle.version";
  return Object.fromEntries(
    Object.entries(labels).map(([name, text]) => [name, name === plain ? text : JSON.parse(text)]),
  );
}

describe("the labels of a builder image", () => {
  it("tell what platforms read of it", () => {
    const apis = {
      buildpack: { deprecated: [], supported: ["0.10", "0.12"] },
      platform: { deprecated: [], supported: ["0.14", "0.15"] },
    };
    const image = { image: at.runImage, mirrors: [] };
    expect(read(builderLabels(content, at))).toEqual({
      "io.buildpacks.builder.metadata": {
        description: "Conifer's builder",
        buildpacks: [
          { id: "conifer/nodejs", version: "1.0.0" },
          { id: "conifer/procfile", version: "2.1.0" },
        ],
        images: [image],
        stack: { runImage: image },
        lifecycle: { version: "1.2.3", apis },
        createdBy: { name: "Conifer", version: "1.2.3" },
      },
      "io.buildpacks.buildpack.order": content.order,
      "io.buildpacks.buildpack.layers": {
        "conifer/nodejs": { "1.0.0": { api: "0.12", layerDiffID: at.buildpackLayer } },
        "conifer/procfile": { "2.1.0": { api: "0.10", layerDiffID: at.buildpackLayer } },
      },
      "io.buildpacks.lifecycle.version": "1.2.3",
      "io.buildpacks.lifecycle.apis": apis,
    });
  });

  const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
  const id = fc.tuple(word, word).map((parts) => parts.join("/"));
  const version = fc.tuple(fc.nat(30), fc.nat(30), fc.nat(30)).map((parts) => parts.join("."));
  const buildpack = fc.record({ id, version, api: fc.constantFrom("0.10", "0.11", "0.12") });
  const buildpacks = fc.uniqueArray(buildpack, { selector: (one) => one.id, maxLength: 6 });

  it("have every buildpack in its layer and in the metadata, whatever is in it", () => {
    fc.assert(
      fc.property(buildpacks, (all) => {
        const order = [{ group: all.map(({ id: name, version: of }) => ({ id: name, version: of })) }];
        const labels = read(builderLabels({ buildpacks: all, order, lifecycle }, at));
        const layers = labels["io.buildpacks.buildpack.layers"];
        expect(Object.keys(layers)).toHaveLength(all.length);
        for (const one of all)
          expect(layers[one.id]).toEqual({ [one.version]: { api: one.api, layerDiffID: at.buildpackLayer } });
        expect(labels["io.buildpacks.builder.metadata"].buildpacks).toEqual(order[0]?.group);
        expect(labels["io.buildpacks.buildpack.order"]).toEqual(order);
      }),
    );
  });
});
