import { type BuildResult, type BuildSpec, isContainerBuild } from "../../../delivery/build/index.ts";
import { BusinessError, logFailure } from "../../../kernel/index.ts";
import { timeoutText } from "../../cnb/builds/index.ts";
import { buildContainers } from "./build-containers.ts";
import type { BuildMachine } from "./build-machine.ts";
import { buildPlatforms } from "./build-platforms.ts";
import { DISK_FULL, watchDisk } from "./disk-room.ts";

/** Runs one build from source to image. Never rejects; what cannot be explained is logged and told as our fault. */
export async function runBuild(
  spec: BuildSpec,
  machine: BuildMachine,
  around: { root: string; write: (chunk: Buffer) => void; signal: AbortSignal },
): Promise<BuildResult> {
  const limit = AbortSignal.timeout(spec.timeoutSeconds * 1000);
  const disk = watchDisk(around.root, machine.freeBytes);
  const signal = AbortSignal.any([around.signal, limit, disk.full]);
  try {
    if (isContainerBuild(spec)) return await buildContainers(spec, machine, { ...around, signal });
    const tell = (line: string) => around.write(Buffer.from(`${line}\n`));
    return await buildPlatforms(spec, machine, { ...around, signal, tell });
  } catch (thrown) {
    if (around.signal.aborted) return stoppedResult(around.signal);
    if (limit.aborted) return { kind: "failed", message: timeoutText(spec.timeoutSeconds), exitCode: 124 };
    if (disk.full.aborted) return { kind: "failed", message: DISK_FULL, exitCode: 1 };
    if (thrown instanceof BusinessError) return { kind: "failed", message: thrown.message, exitCode: 1 };
    const id = logFailure(machine.logger, "build broke", { build_id: spec.id, error: thrown });
    return { kind: "lost", message: `The build could not be run (error ${id}).` };
  } finally {
    disk.stop();
  }
}

/** The result of a build whose signal was aborted, by the abort's reason: `cancelled`, else the engine stops. */
export function stoppedResult(signal: AbortSignal): BuildResult {
  if (signal.reason === "cancelled") return { kind: "cancelled" };
  return { kind: "lost", message: "The build engine was stopped." };
}
