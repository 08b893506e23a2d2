import { chmod, copyFile, mkdir } from "node:fs/promises";
import path from "node:path";
import type { BuildContext } from "./build-context.ts";
import type { Layer } from "./layer-folder.ts";

/** Puts the program into a launch layer that sets WEB_CONCURRENCY before each process (CNB `exec.d`). */
export async function addWebConcurrency({ buildpackDir }: BuildContext, layer: Layer): Promise<void> {
  const folder = path.join(layer.dir, "exec.d");
  await mkdir(folder, { recursive: true });
  const program = path.join(folder, "web-concurrency");
  await copyFile(path.join(buildpackDir, "exec.d", "web-concurrency"), program);
  await chmod(program, 0o755);
}
