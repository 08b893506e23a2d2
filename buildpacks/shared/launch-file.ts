import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { stringify, type TomlTable } from "smol-toml";

/** A process type of the image (Buildpack API, `launch.toml`). */
export interface LaunchProcess {
  readonly type: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly default: boolean;
}

export interface LaunchFile {
  readonly processes: readonly LaunchProcess[];
  /** Paths below the app that get an image layer of their own, so that a change elsewhere does not move them. */
  readonly slices?: readonly (readonly string[])[];
  /** Config vars that the platform gives a secret unless the app has set them. */
  readonly secrets?: readonly string[];
}

/**
 * A line of shell as a process: `bash -c <line>`, since people write Procfiles for bash; `sh` where the base has no
 * bash. The build base and the run base are the same family, so what is found here is there at launch.
 */
export function shellProcess(
  type: string,
  line: string,
  hasBash = existsSync("/bin/bash") || existsSync("/usr/bin/bash"),
): LaunchProcess {
  return { type, command: [hasBash ? "bash" : "sh", "-c"], args: [line], default: type === "web" };
}

/** The label of an image in which Conifer reads the names. */
const SECRETS_LABEL = "dev.conifer.secret-config-vars";

export async function writeLaunchFile(layersDir: string, launch: LaunchFile): Promise<void> {
  const table: Record<string, unknown> = { processes: launch.processes };
  if (launch.slices !== undefined && launch.slices.length > 0) {
    table.slices = launch.slices.map((paths) => ({ paths }));
  }
  if (launch.secrets !== undefined && launch.secrets.length > 0) {
    table.labels = [{ key: SECRETS_LABEL, value: launch.secrets.join(",") }];
  }
  await writeFile(path.join(layersDir, "launch.toml"), stringify(table as TomlTable));
}
