import { existsSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { BuildResult, DockerImage } from "../../../delivery/build/index.ts";
import {
  BUILDAH_PATHS,
  type BuildahArgv,
  buildahEnvironment,
  explainDockerfile,
} from "../../buildah/builds/index.ts";
import { failureOf } from "../../cnb/builds/index.ts";
import type { BuildMachine } from "./build-machine.ts";

/** The build that a call of buildah is part of. */
export interface BuildahCall {
  readonly id: string;
  readonly machine: BuildMachine;
  readonly around: {
    /** The build's folder, with those of the source, the layers and the images. */
    readonly root: string;
    readonly write: (chunk: Buffer) => void;
    readonly signal: AbortSignal;
  };
}

const TAIL_BYTES = 16 * 1024;

/**
 * Runs a command of buildah in the sandbox, with a file of logins only when one is given. Undefined when it ended well; an
 * end that is not is explained by what was printed last.
 */
export async function runBuildah(
  argv: BuildahArgv,
  image: Pick<DockerImage, "dockerfile">,
  { id, machine, around }: BuildahCall,
  logins?: string,
): Promise<BuildResult | undefined> {
  const { root, write, signal } = around;
  const bind = (name: "workspace" | "home" | "storage" | "out" | "work", writable: boolean) => ({
    ...{ source: join(root, name), target: BUILDAH_PATHS[name], writable },
  });
  const file = join(root, "logins.json");
  let tail = "";
  try {
    if (logins !== undefined) await writeLogins(file, logins, machine.runner.builder);
    const end = await machine.runner.run(
      {
        ...{ id, argv, directory: join(root, "sandbox"), limits: machine.limits, asBuilder: true },
        binds: [
          ...(["workspace", "home"] as const).map((name) => bind(name, false)),
          ...(["storage", "out", "work"] as const).map((name) => bind(name, true)),
          { source: join(root, "locks"), target: BUILDAH_PATHS.locks, writable: true },
          ...(logins === undefined ? [] : [{ source: file, target: BUILDAH_PATHS.logins, writable: false }]),
          ...containersSettings(),
        ],
        env: buildahEnvironment(machine.hostEnv),
        cwd: BUILDAH_PATHS.work,
        onOutput: (chunk) => {
          tail = (tail + chunk.toString("utf8")).slice(-TAIL_BYTES);
          write(chunk);
        },
      },
      signal,
    );
    if (end.exitCode === 0) return undefined;
    if (end.outOfMemory) return failureOf(end, machine.limits.memoryBytes);
    const { exitCode } = end;
    const told = { dockerfile: image.dockerfile, tail, exitCode, withLogin: logins !== undefined };
    return { kind: "failed", message: explainDockerfile(told), exitCode };
  } finally {
    await rm(file, { force: true });
  }
}

/** A file that only buildah may read, in a folder that no build sees. */
async function writeLogins(
  path: string,
  text: string,
  owner: BuildMachine["runner"]["builder"],
): Promise<void> {
  const file = await open(path, "wx", 0o400);
  try {
    await file.writeFile(text);
    if (owner) await file.chown(owner.uid, owner.gid);
  } finally {
    await file.close();
  }
}

/** Where registries are mirrored and which images are trusted is the operator's to say, for all tools of this kind. */
function containersSettings() {
  if (!existsSync("/etc/containers/policy.json")) return [];
  return [{ source: "/etc/containers", target: "/etc/containers", writable: false }];
}
