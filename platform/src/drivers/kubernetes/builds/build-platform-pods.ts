import type { BuildNews, BuildResult, BuildSpec } from "../../../delivery/build/index.ts";
import { type ImageInfo, joinImages, MEDIA, readPlatformImage } from "../../../delivery/image/index.ts";
import { BusinessError, errorText, invalidParams } from "../../../kernel/index.ts";
import {
  type Architecture,
  buildingTold,
  joinedTold,
  otherArchitectures,
  readSourceDescriptor,
  resultFor,
  timeoutText,
} from "../../cnb/builds/index.ts";
import type { KubernetesBuilderOptions } from "./builder-options.ts";
import { NEWEST } from "./conclude-build.ts";
import type { Engine, Signals } from "./find-or-start.ts";
import { optionsFor, specFor } from "./platform-options.ts";
import { readRepository } from "./repository-content.ts";
import { runInPod } from "./run-in-pod.ts";

type Told = AsyncGenerator<BuildNews, BuildResult | undefined>;

/**
 * Builds a source for all processors that it wants, a pod on a node of each, one after the other, and joins the images in an
 * index. Any process that builds it again joins the pods there are. Returns undefined when nobody listens any more.
 */
export async function* buildPlatforms(spec: BuildSpec, engine: Engine, signals: Signals): Told {
  const { options } = engine;
  // The images of Dockerfiles are for Conifer's own processors.
  if (options.ofDockerfiles) return yield* runInPod(spec, engine, signals);
  const { architecture: own } = options.builders;
  const built: ImageInfo[] = [];
  try {
    const others = await othersOf(spec, options, signals);
    if (!others) return signals.cancel.aborted ? { kind: "cancelled" } : undefined;
    if (others.length === 0) return yield* runInPod(spec, engine, signals);
    const all = [own, ...others].map((architecture) => ({
      ...{ architecture, options: optionsFor(options, architecture) },
    }));
    for (const one of all) {
      yield { kind: "output", text: `${buildingTold(one.architecture, "native")}\n` };
      const its = { ...engine, options: one.options };
      const result = yield* runInPod(specFor(spec, one.architecture, own), its, signals);
      if (result?.kind !== "succeeded") return result && resultFor(one.architecture, result);
      built.push(result.image);
    }
  } catch (thrown) {
    if (!(thrown instanceof BusinessError)) throw thrown;
    return { kind: "failed", message: thrown.message, exitCode: 1 };
  }
  return yield* joinInRegistry(spec, built, options);
}

/** Undefined when a signal aborts first. Throws invalid_params also when the build's time is over. */
async function othersOf(
  { source, timeoutSeconds }: BuildSpec,
  { sources, builders, architectures: usual }: KubernetesBuilderOptions,
  { leave, cancel }: Signals,
): Promise<readonly Architecture[] | undefined> {
  const signal = AbortSignal.any([leave, cancel]);
  const limit = AbortSignal.timeout(Math.max(1, timeoutSeconds * 1_000));
  try {
    const either = AbortSignal.any([signal, limit]);
    const { architectures } = await readSourceDescriptor(await sources.read(source), either);
    return otherArchitectures(architectures, usual, builders.architecture);
  } catch (thrown) {
    if (signal.aborted) return undefined;
    if (limit.aborted) throw invalidParams(timeoutText(timeoutSeconds));
    throw thrown;
  }
}

async function* joinInRegistry(
  { appId }: BuildSpec,
  built: readonly ImageInfo[],
  { openRegistry, repositoryOf }: KubernetesBuilderOptions,
): AsyncGenerator<BuildNews, BuildResult> {
  const registry = openRegistry(appId);
  const repository = repositoryOf(appId);
  try {
    const content = readRepository(registry, repository);
    const joined = joinImages(await Promise.all(built.map((image) => readPlatformImage(content, image))));
    const index = { mediaType: MEDIA.index, bytes: joined.index.bytes };
    for (const reference of [joined.info.digest, NEWEST])
      await registry.pushManifest(repository, reference, index);
    yield { kind: "output", text: `${joinedTold(joined)}\n` };
    const { user } = built[0] ?? {};
    return { kind: "succeeded", image: { ...joined.info, ...(user ? { user } : {}) } };
  } catch (thrown) {
    return { kind: "lost", message: `The build's images could not be joined: ${errorText(thrown)}.` };
  } finally {
    await registry.close();
  }
}
