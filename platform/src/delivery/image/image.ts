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

/** A process as users see it: what they wrote, without the shell that runs it. */
export function displayCommand(process: Pick<ImageProcess, "command" | "args">): string {
  const words = [...process.command, ...process.args];
  const [shell = "", flag, line, ...more] = words;
  if (/^(\/bin\/)?(ba)?sh$/.test(shell) && flag === "-c" && line !== undefined && more.length === 0)
    return line;
  return words.join(" ");
}
