import { spawnSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";

/** What a figure was measured on. `versions` are commands whose first line says a version. */
export function machineFacts(versions: readonly string[]) {
  const [cpu] = cpus();
  const first = (command: string) => {
    const [name = "", ...args] = command.split(" ");
    const { stdout, stderr } = spawnSync(name, args, { encoding: "utf8" });
    return `${stdout || stderr}`.split("\n", 1)[0] ?? "";
  };
  return {
    cpu: cpu?.model ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    ...Object.fromEntries(versions.map((command) => [command.split(" ", 1)[0], first(command)])),
  };
}
