import { existsSync, readFileSync } from "node:fs";
import { findProgram } from "../cluster/machine-needs.ts";
import { type DebianRelease, requireRelease } from "./debian-release.ts";

/**
 * The release of this machine, on which images can be made.
 * @throws ImageError `missing` on any other machine
 */
export function machineRelease(): DebianRelease {
  const text = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  return requireRelease(text, (program) => findProgram(program) !== undefined);
}
