import type { SourceStore } from "../../../delivery/source/index.ts";
import type { Clock, Logger } from "../../../kernel/index.ts";
import type { Architecture } from "../../cnb/builds/index.ts";
import type { RegistryClient } from "../../registry/client/index.ts";
import type { KubeClient } from "../client/index.ts";
import type { BuilderSources } from "./bring-builder.ts";
import type { BuildPlacement } from "./build-pod.ts";
import type { BuildTask } from "./build-task.ts";
import type { SweepBounds } from "./sweep-builds.ts";

/** Where the platform's own builder and run image for other processors are. */
export interface OtherImages {
  /** As nodes pull it, `<registry>/<repository>@<digest>`. */
  readonly builderImage: string;
  readonly runImage: BuildTask["runImage"];
}

/** What builds of a cluster are made with. */
export interface KubernetesBuilderOptions extends SweepBounds {
  readonly client: KubeClient;
  readonly placement: BuildPlacement;
  readonly sources: Pick<SourceStore, "read">;
  /** The registry as this process reaches it, with the right to push to an app's repository. */
  readonly openRegistry: (appId: string) => RegistryClient;
  /** An app's repository, `<space>/<app id>`. */
  readonly repositoryOf: (appId: string) => string;
  /** What a build's pod is told of the registry, good until then. */
  readonly podRegistry: (appId: string, until: Date) => BuildTask["registry"];
  readonly runImage: BuildTask["runImage"];
  /** Builder images of others. */
  readonly builders: BuilderSources & {
    /** The one that sources are built in that name none; the platform's own when missing. */
    readonly usual?: string | undefined;
    /** An image of our registry as nodes pull it: `<registry>/<repository>@<digest>`. */
    readonly imageIn: (repository: string, digest: string) => string;
  };
  /** What sources are built for that do not say; Conifer's own processors alone when missing. */
  readonly architectures?: readonly Architecture[] | undefined;
  /** The platform's own images for the processors that Conifer does not run on. */
  readonly other?: OtherImages | undefined;
  /** Set for one of several builds of a source: its image gets no name, and what it keeps may stand apart. */
  readonly platform?: Pick<BuildTask, "tagSuffix">;
  /** Builds are of Dockerfiles, in pods that may do what those need, and not of buildpacks. */
  readonly ofDockerfiles?: true;
  readonly runtimeSources: readonly string[];
  readonly hostEnv: Readonly<Record<string, string>>;
  readonly sourceLimits: BuildTask["sourceLimits"];
  readonly imageLimitBytes: number;
  /** How long a pod that the cluster cannot start is waited for; what stops it may be put right meanwhile. */
  readonly troubleMs: number;
  readonly logger: Logger;
  readonly now: Clock;
}
