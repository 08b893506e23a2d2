import type { ImageStore } from "../../../delivery/image/index.ts";
import type { Logger } from "../../../kernel/index.ts";
import type { Architecture, BuildpackFetching, FolderSources } from "../../cnb/builds/index.ts";
import type { RegistryAccess } from "../../registry/client/index.ts";
import type { SandboxLimits } from "../sandbox/index.ts";
import type { BuilderShelf } from "./builder-shelf.ts";
import type { FreeBytes } from "./disk-room.ts";
import type { PhaseRunner } from "./phase-runner.ts";

/** What every build on this machine has in common. */
export interface BuildMachine extends Omit<FolderSources, "fetching" | "findBuilder" | "findOwnBuilder"> {
  /** Of this machine's processors. */
  readonly architecture: Architecture;
  /** CONIFER_ARCHITECTURES: what sources are built for that do not say; this machine's alone when missing. */
  readonly architectures?: readonly Architecture[] | undefined;
  /** How it is known whether this machine runs programs for others, which throws if not; by the kernel's handlers when missing. */
  readonly requireEmulated?: (architecture: Architecture) => Promise<void>;
  readonly images: ImageStore;
  /** Builder images of others. */
  readonly shelf: BuilderShelf;
  readonly runner: PhaseRunner;
  /** CONIFER_HOME/build-cache. */
  readonly cacheRoot: string;
  /** A folder of phase programs, as /cnb/lifecycle. */
  readonly lifecycle: string;
  /** A folder of buildpacks, as /cnb/buildpacks. */
  readonly buildpacksFolder: string;
  /** The Node.js program that phase programs and buildpacks run with. */
  readonly node: string;
  /** The program that builds Dockerfiles; Debian's when missing. */
  readonly buildah?: string;
  /** Where base images of Dockerfiles come from. */
  readonly registries: Pick<RegistryAccess, "registries" | "credentials">;
  /** How buildpacks that sources name are fetched: from the public internet when missing. */
  readonly download?: BuildpackFetching["download"];
  readonly limits: SandboxLimits;
  readonly imageLimitBytes: number;
  /** How much of the disk is free; as the file system says when missing. */
  readonly freeBytes?: FreeBytes;
  readonly logger: Logger;
}
