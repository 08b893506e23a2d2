import type { Builder } from "../delivery/build/index.ts";
import type { ImageStore } from "../delivery/image/index.ts";
import type { SourceStore } from "../delivery/source/index.ts";
import type { KubeClient } from "../drivers/kubernetes/client/index.ts";
import type { Logger, MasterKey, Running } from "../kernel/index.ts";
import type { Config } from "./config.ts";

export interface ClusterBuildsOptions {
  readonly config: Config;
  readonly client: KubeClient;
  readonly masterKey: MasterKey;
  readonly sources: Pick<SourceStore, "read">;
  readonly images: Pick<ImageStore, "read">;
  readonly logger: Logger;
}

/** Placeholder on this branch only. */
export async function startClusterBuilds(
  _options: ClusterBuildsOptions,
): Promise<Running & { readonly builder: Builder }> {
  throw new Error("not there yet");
}
