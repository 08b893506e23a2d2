import type { BuildResult, BuildSpec } from "../../../delivery/build/index.ts";
import { joinImages, readPlatformImage } from "../../../delivery/image/index.ts";
import { BusinessError, errorText } from "../../../kernel/index.ts";
import {
  type Architecture,
  buildingTold,
  joinedTold,
  otherArchitectures,
  resultFor,
} from "../../cnb/builds/index.ts";
import type { BuildMachine } from "./build-machine.ts";
import { type OneBuild, prepareBuild, runOne } from "./build-one.ts";
import { requireEmulation } from "./find-emulation.ts";

type Around = Omit<OneBuild, "architecture">;
type Succeeded = Extract<BuildResult, { readonly kind: "succeeded" }>;

/**
 * Builds a source for all processors that it wants: for this machine's first, then for others by emulation, each against the
 * base of its own architecture and with a cache of its own. Several images are joined in an index. Rejects when a build could
 * not be run at all, and when the signal aborts.
 */
export async function buildPlatforms(
  spec: BuildSpec,
  machine: BuildMachine,
  around: Around,
): Promise<BuildResult> {
  const { architecture: own } = machine;
  const { result: first, others } = await buildNative(spec, machine, around);
  if (first.kind !== "succeeded") return others.length > 0 ? resultFor(own, first) : first;
  const built = [first];
  for (const architecture of others) {
    around.tell(buildingTold(architecture, "emulated"));
    const result = await buildOther(spec, machine, { ...around, architecture });
    if (result.kind !== "succeeded") return resultFor(architecture, result);
    built.push(result);
  }
  const result = others.length > 0 ? await joinAll(built, machine, around) : first;
  if (result.kind === "succeeded") await machine.images.tag(`${spec.appId}:latest`, result.image.digest);
  return result;
}

/** Whether others can be built for is looked at before anything is built. */
async function buildNative(
  spec: BuildSpec,
  machine: BuildMachine,
  around: Around,
): Promise<{ readonly result: BuildResult; readonly others: readonly Architecture[] }> {
  const { architecture, requireEmulated = requireEmulation } = machine;
  const native = await prepareBuild(spec, machine, { ...around, architecture });
  try {
    const others = otherArchitectures(native.folder.architectures, machine.architectures, architecture);
    for (const other of others) await requireEmulated(other);
    if (others.length > 0) around.tell(buildingTold(architecture, "native"));
    return { others, result: await runOne(spec, machine, native) };
  } finally {
    native.builder?.giveBack();
  }
}

async function buildOther(spec: BuildSpec, machine: BuildMachine, one: OneBuild): Promise<BuildResult> {
  try {
    const prepared = await prepareBuild(spec, machine, one);
    try {
      return await runOne(spec, machine, prepared);
    } finally {
      prepared.builder?.giveBack();
    }
  } catch (thrown) {
    if (one.signal.aborted || !(thrown instanceof BusinessError)) throw thrown;
    return { kind: "failed", message: thrown.message, exitCode: 1 };
  }
}

async function joinAll(
  built: readonly Succeeded[],
  { images }: BuildMachine,
  { tell }: Around,
): Promise<BuildResult> {
  const each = await Promise.all(built.map(({ image }) => readPlatformImage(images, image)));
  try {
    const joined = joinImages(each);
    await images.write(joined.index.bytes, joined.info.digest);
    tell(joinedTold(joined));
    return { kind: "succeeded", image: joined.info };
  } catch (thrown) {
    const message = `The build's image cannot be used: ${errorText(thrown)}.`;
    return { kind: "failed", message, exitCode: 1 };
  }
}
