import type { BuildSpec } from "../../../delivery/build/index.ts";
import { invalidParams } from "../../../kernel/index.ts";
import { readSourceDescriptor, timeoutText, wantedBuilder } from "../../cnb/builds/index.ts";
import { bringBuilder } from "./bring-builder.ts";
import type { PodBuilder } from "./build-task.ts";
import type { KubernetesBuilderOptions } from "./builder-options.ts";

/** What a build's pod is made with. */
export interface ChosenBuilder {
  /** The platform's own when missing. */
  readonly builder?: PodBuilder;
  /** Whether the source has buildpacks beside those of the builder. */
  readonly bringsBuildpacks: boolean;
}

/**
 * Looks which builder a source wants, and has that ready where nodes pull it from. Yields what the build shows meanwhile.
 * Returns undefined when the signal aborts first. Throws invalid_params with what the person who waits can do, also when the
 * build's time is over.
 */
export async function* chooseBuilder(
  spec: BuildSpec,
  options: Pick<
    KubernetesBuilderOptions,
    "sources" | "builders" | "openRegistry" | "repositoryOf" | "platform"
  >,
  signal: AbortSignal,
): AsyncGenerator<string, ChosenBuilder | undefined> {
  const { sources, builders } = options;
  const limit = AbortSignal.timeout(Math.max(1, spec.timeoutSeconds * 1_000));
  const either = AbortSignal.any([signal, limit]);
  try {
    const { builder, bringsBuildpacks } = await readSourceDescriptor(await sources.read(spec.source), either);
    const wanted = wantedBuilder(builder === undefined ? {} : { builder }, builders.usual);
    if (wanted === undefined) return { bringsBuildpacks };
    const ours = options.openRegistry(spec.appId);
    try {
      const brought = yield* tellingOf((tell) =>
        bringBuilder(wanted, builders, {
          ...{ ours, repository: options.repositoryOf(spec.appId), signal: either },
          tagSuffix: options.platform?.tagSuffix,
          ...{ trusted: builder === undefined, tell: (line) => tell(`${line}\n`) },
        }),
      );
      return { builder: brought, bringsBuildpacks };
    } finally {
      await ours.close();
    }
  } catch (thrown) {
    if (signal.aborted) return undefined;
    if (limit.aborted) throw invalidParams(timeoutText(spec.timeoutSeconds));
    throw thrown;
  }
}

/** What work tells, as it comes. */
async function* tellingOf<T>(start: (tell: (text: string) => void) => Promise<T>): AsyncGenerator<string, T> {
  const texts: string[] = [];
  let wake = () => {};
  let isOver = false;
  const work = start((text) => {
    texts.push(text);
    wake();
  });
  const over = work
    .catch(() => {})
    .then(() => {
      isOver = true;
      wake();
    });
  for (;;) {
    for (let text = texts.shift(); text !== undefined; text = texts.shift()) yield text;
    if (isOver) break;
    const told = new Promise<void>((resolve) => {
      wake = resolve;
    });
    if (texts.length === 0 && !isOver) await told;
  }
  await over;
  return await work;
}
