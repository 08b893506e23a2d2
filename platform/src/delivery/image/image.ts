/** A process type of an image, from its CNB build metadata. */
export interface ImageProcess {
  readonly type: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly direct: boolean;
  readonly default: boolean;
  readonly workingDir?: string;
}

/** What Conifer reads out of an image's config and labels. Digests are `sha256:<hex>`. */
export interface ImageInfo {
  /** Digest of the manifest; the image's identity everywhere in Conifer. */
  readonly digest: string;
  readonly architecture: "amd64" | "arm64";
  readonly processes: readonly ImageProcess[];
  readonly buildpacks: readonly {
    readonly id: string;
    readonly version: string;
    readonly homepage?: string;
  }[];
  readonly runImage: { readonly name: string; readonly topLayer: string };
  readonly sizeBytes: number;
}
