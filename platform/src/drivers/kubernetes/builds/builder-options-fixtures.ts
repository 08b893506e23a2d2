import { silentLogger } from "../../../kernel/index.ts";
import { placement, task } from "./build-pod-fixtures.ts";
import type { KubernetesBuilderOptions } from "./builder-options.ts";

/** What a Conifer process builds with, on a cluster and a registry of a test. */
export function builderOptions(
  given: Pick<KubernetesBuilderOptions, "client" | "sources" | "openRegistry">,
): KubernetesBuilderOptions {
  return {
    ...{ ...given, placement, logger: silentLogger },
    ...{ runImage: task.runImage, runtimeSources: task.runtimeSources, hostEnv: task.hostEnv },
    ...{ sourceLimits: task.sourceLimits, imageLimitBytes: task.imageLimitBytes },
    repositoryOf: () => task.repository,
    builders: {
      ...{ registries: [], architecture: "amd64" },
      imageIn: (name, digest) => `registry.test:5000/${name}@${digest}`,
    },
    podRegistry: (_appId, until) => ({ ...task.registry, password: `until ${until.toISOString()}` }),
    ...{ troubleMs: 60_000, kept: 20, keptMs: 60_000 },
    now: () => new Date("2026-01-01T00:00:00Z"),
  };
}
