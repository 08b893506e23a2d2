/** The image of one process type. */
export interface ContainerImage {
  /** Digest of its manifest. */
  readonly image: string;
  readonly sizeBytes: number;
  /** Whom it wants to run as, when that is told in numbers and is not root. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** The image of an index for one kind of processor. */
export interface ImagePlatform {
  readonly architecture: "amd64" | "arm64";
  /** Of its manifest. */
  readonly digest: string;
  /** The builder image of somebody else's that made it, `<name>@<digest>`. */
  readonly builder?: string;
}

/** A process type of an image, from its CNB build metadata or of a container image. */
export interface ImageProcess {
  readonly type: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly direct: boolean;
  readonly default: boolean;
  readonly workingDir?: string;
  /** Set where the process has an image of its own, and runs with all of that image's files and none of the platform's. */
  readonly container?: ContainerImage;
}

/** What an app's image says it stands on; empty texts where it says nothing. */
export interface BaseFacts {
  readonly name: string;
  /** The diffID of the run image's highest layer; empty where the run image has none. */
  readonly topLayer: string;
  /** Of the run image's manifest, where the lifecycle told it. */
  readonly digest?: string;
}

/** What Conifer reads out of an image's config and labels. Digests are `sha256:<hex>`. */
export interface ImageInfo {
  /** Digest of the manifest, or of the index; the image's identity everywhere in Conifer. */
  readonly digest: string;
  /** Of an index: of its first image. */
  readonly architecture: ImagePlatform["architecture"];
  /** Of an index: its images, each for other processors. They run the same processes. */
  readonly platforms?: readonly ImagePlatform[];
  readonly processes: readonly ImageProcess[];
  readonly buildpacks: readonly {
    readonly id: string;
    readonly version: string;
    readonly homepage?: string;
  }[];
  readonly runImage: BaseFacts;
  /** Names of config vars that a buildpack asks a secret in. */
  readonly secrets?: readonly string[];
  readonly sizeBytes: number;
  /** Whom its processes are, where the engine must be told: what it has not read is the image's own matter. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** The builder image of somebody else's that made it, `<name>@<digest>`. */
  readonly builder?: string;
}

/** A process as users see it: what they wrote, without the shell that runs it. */
export function displayCommand(process: Pick<ImageProcess, "command" | "args">): string {
  const words = [...process.command, ...process.args];
  const [shell = "", flag, line, ...more] = words;
  if (/^(\/bin\/)?(ba)?sh$/.test(shell) && flag === "-c" && line !== undefined && more.length === 0)
    return line;
  return words.join(" ");
}

/**
 * The process whose image a command of somebody's is run in: the type's own, else that of `web`, else the first one's.
 * Undefined for an image of buildpacks, which is one for all.
 */
export function imageForCommand(info: Pick<ImageInfo, "processes">, type: string): ImageProcess | undefined {
  const own = info.processes.filter((process) => process.container !== undefined);
  return [type, "web"].map((name) => own.find((one) => one.type === name)).find(Boolean) ?? own[0];
}
