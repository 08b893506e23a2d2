import type { DynoSpec, InsideCommand } from "../../../runtime/dyno/index.ts";
import type { UnpackedImage } from "../images/index.ts";
import { DYNO_HOME, type EnteringProgram, type SandboxSpec } from "../sandbox/index.ts";

/** What the host must know of an image to run it. */
export type DynoImage = Pick<
  UnpackedImage,
  "lowerDirs" | "user" | "env" | "workingDir" | "processArgv" | "programArgv" | "shellArgv" | "giveBack"
>;

export interface ProgramOptions {
  readonly spec: DynoSpec;
  readonly image: DynoImage;
  /** Names this run of the dyno on this machine. */
  readonly sandboxId: string;
  readonly directory: string;
  readonly port: number;
  readonly attach?: { readonly terminal?: { readonly columns: number; readonly rows: number } };
}

/** The launcher and the process types of an image come before the programs of the base (CNB platform specification). */
const PATH = "/cnb/process:/cnb/lifecycle:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What a container image can count on that says nothing else; its `/tmp` is the one folder that every image has. */
const CONTAINER_ENV = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/tmp" };

/** At this many times its quota a dyno is ended by the kernel (R15). */
const HARD_MEMORY_FACTOR = 2;

/** The sandbox of one run of a dyno. Throws when the image has no such process type. */
export function dynoProgram({
  spec,
  image,
  sandboxId,
  directory,
  port,
  attach,
}: ProgramOptions): SandboxSpec {
  const [program, ...args] = argvOf(spec.command, image);
  if (!program) throw new Error(`the image does not say how to run ${spec.displayCommand}`);
  return {
    id: sandboxId,
    directory,
    lowerDirs: spec.container ? [] : image.lowerDirs,
    ...(image.user ? { ownRoot: image.user } : {}),
    binds: [],
    ...guestOf(spec, image),
    argv: [program, ...args],
    env: dynoEnvironment(spec, image, port),
    cwd: image.workingDir,
    limits: { ...spec.limits, memoryBytes: spec.limits.memoryBytes * HARD_MEMORY_FACTOR },
    network: "own",
    stdin: attach ? "pipe" : "none",
    ...(attach?.terminal ? { terminal: attach.terminal } : {}),
  };
}

function argvOf(command: DynoSpec["command"], image: DynoImage): readonly string[] {
  switch (command.kind) {
    case "process":
      return image.processArgv(command.type);
    case "program":
      return image.programArgv(command.argv);
    case "shell":
      return image.shellArgv(command.line);
  }
}

/** A container image's files are all that its program sees. */
function guestOf(
  { container }: Pick<DynoSpec, "container">,
  { lowerDirs }: DynoImage,
): Pick<SandboxSpec, "guest"> {
  if (!container) return {};
  return { guest: { lowerDirs, ...(container.user ? { user: container.user } : {}) } };
}

/** A further program in the same sandbox; its own variables are the strongest. */
export function insideProgram(
  { spec, image, port }: Pick<ProgramOptions, "spec" | "image" | "port">,
  { line, env, terminal }: InsideCommand,
): EnteringProgram {
  const [program = "/bin/sh", ...args] = image.shellArgv(line);
  return {
    argv: [program, ...args],
    env: { ...dynoEnvironment(spec, image, port), ...env },
    cwd: image.workingDir,
    ...guestOf(spec, image),
    ...(terminal ? { terminal } : {}),
  };
}

/** Config vars win over what the image brings; `PORT` and `DYNO` are the host's to give (facts: runtime §10). */
export function dynoEnvironment(
  spec: Pick<DynoSpec, "env" | "name" | "container">,
  image: Pick<DynoImage, "env" | "user">,
  port: number,
): Record<string, string> {
  return {
    ...(spec.container ? CONTAINER_ENV : { PATH, HOME: image.user?.home ?? DYNO_HOME, LANG: "C.UTF-8" }),
    ...image.env,
    ...spec.env,
    PORT: String(port),
    DYNO: spec.name,
  };
}
