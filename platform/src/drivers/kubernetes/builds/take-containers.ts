import type { BuildResult, BuildSpec } from "../../../delivery/build/index.ts";
import { BusinessError, errorText } from "../../../kernel/index.ts";
import { describeContainers } from "../../buildah/builds/index.ts";
import type { KubernetesBuilderOptions } from "./builder-options.ts";
import { readBuilt } from "./built-images.ts";
import { readRepository } from "./repository-content.ts";

/**
 * Makes a result of the index that a build by Dockerfiles has delivered. Each image is its type's newest from then on. Doing it
 * again, or in two processes at once, gives the same.
 */
export async function takeContainers(
  digest: string,
  { appId }: BuildSpec,
  { openRegistry, repositoryOf }: Pick<KubernetesBuilderOptions, "openRegistry" | "repositoryOf">,
): Promise<BuildResult> {
  const registry = openRegistry(appId);
  const repository = repositoryOf(appId);
  try {
    const index = await registry.pullManifest(repository, digest);
    if (!index) throw new Error("the registry has not got what was built");
    const delivered = readBuilt(index.bytes);
    const image = await describeContainers(delivered, delivered.built, {
      read: (one) => readRepository(registry, repository).read(one),
      tag: async (tag, one) => {
        const found = await registry.pullManifest(repository, one);
        if (found) await registry.pushManifest(repository, tag, found);
      },
    });
    return { kind: "succeeded", image };
  } catch (thrown) {
    if (thrown instanceof BusinessError) return { kind: "failed", message: thrown.message, exitCode: 1 };
    return { kind: "lost", message: `The build's images could not be read back: ${errorText(thrown)}.` };
  } finally {
    await registry.close();
  }
}
