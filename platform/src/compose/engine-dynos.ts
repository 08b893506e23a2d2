import type { ImageStore } from "../delivery/image/index.ts";
import type { HostRelease } from "../drivers/embedded/images/index.ts";
import type { AbilityRow, Sandboxes } from "../drivers/embedded/sandbox/index.ts";
import type { EndpointSource, SleepingApps } from "../edge/route/index.ts";
import type { Logger, LogSink, MasterKey, Running } from "../kernel/index.ts";
import type { DynoHost } from "../runtime/dyno/index.ts";
import type { Config } from "./config.ts";

/** An engine's dynos, and what it tells an operator of how they are kept apart. */
export interface HostDynos extends Running {
  readonly dynos: DynoHost;
  readonly endpoints: EndpointSource;
  /** Where the engine lets apps sleep. */
  readonly sleeping?: SleepingApps;
  readonly isolation: readonly AbilityRow[];
}

/** What engines are started with. */
export interface HostDynosParts {
  readonly config: Config;
  readonly sandboxes: Sandboxes;
  readonly images: ImageStore;
  readonly release: HostRelease;
  readonly logs: LogSink;
  readonly masterKey: MasterKey;
  readonly logger: Logger;
}
