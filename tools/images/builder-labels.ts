/** A buildpack of a builder image. */
export interface BuilderBuildpack {
  readonly id: string;
  readonly version: string;
  /** The Buildpack API it is written for. */
  readonly api: string;
}

/** A group of an order, as `order.toml` and the label have it. */
export interface OrderGroup {
  readonly group: readonly { readonly id: string; readonly version: string; readonly optional?: boolean }[];
}

/** What is in a builder image. */
export interface BuilderContent {
  readonly buildpacks: readonly BuilderBuildpack[];
  readonly order: readonly OrderGroup[];
  readonly lifecycle: {
    readonly version: string;
    readonly platformApis: readonly string[];
    readonly buildpackApis: readonly string[];
  };
}

/**
 * The labels by which a platform knows a builder image and what is in it (CNB Distribution 0.3 and, for
 * `builder.metadata`, what platforms have come to read). `buildpackLayer` is the diffID of the layer with the buildpacks.
 */
export function builderLabels(
  { buildpacks, order, lifecycle }: BuilderContent,
  { runImage, buildpackLayer }: { readonly runImage: string; readonly buildpackLayer: string },
): Readonly<Record<string, string>> {
  const apis = {
    buildpack: { deprecated: [], supported: lifecycle.buildpackApis },
    platform: { deprecated: [], supported: lifecycle.platformApis },
  };
  return {
    "io.buildpacks.builder.metadata": JSON.stringify({
      description: "Conifer's builder",
      buildpacks: buildpacks.map(({ id, version }) => ({ id, version })),
      images: [{ image: runImage, mirrors: [] }],
      stack: { runImage: { image: runImage, mirrors: [] } },
      lifecycle: { version: lifecycle.version, apis },
      createdBy: { name: "Conifer", version: lifecycle.version },
    }),
    "io.buildpacks.buildpack.order": JSON.stringify(order),
    "io.buildpacks.buildpack.layers": JSON.stringify(
      Object.fromEntries(
        buildpacks.map(({ id, version, api }) => [id, { [version]: { api, layerDiffID: buildpackLayer } }]),
      ),
    ),
    "io.buildpacks.lifecycle.version": lifecycle.version,
    "io.buildpacks.lifecycle.apis": JSON.stringify(apis),
  };
}
