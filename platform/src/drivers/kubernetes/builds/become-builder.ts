import { spawn } from "node:child_process";
import { BUILDAH_PATHS, type BuildahArgv, buildahEnvironment } from "../../buildah/builds/index.ts";
import { DOCKERFILE_IDS } from "./dockerfile-pod.ts";

/**
 * Becomes root of a new user and mount namespace. Only who has the capabilities to become anybody may give a namespace a range
 * of ids, and only from outside: so a second process does it, and the first goes on when it has them. Arguments: the first id,
 * how many, the command. Where the kernel makes no such namespace, both end.
 */
const BECOME_BUILDER = `
first=$1 count=$2 me=$$
shift 2
{
  until echo "0 $first $count" >/proc/$me/uid_map; do [ -d /proc/$me ] || exit; done
  until echo "0 $first $count" >/proc/$me/gid_map; do [ -d /proc/$me ] || exit; done
} >/dev/null 2>&1 &
exec unshare --user --mount --keep-caps sh -c '
  until read -r ids </proc/self/uid_map && read -r ids </proc/self/gid_map; do :; done
  exec setpriv --reuid 0 --regid 0 --clear-groups --no-new-privs "$@"
' sh "$@"
`;

/** The command that runs another as root of a namespace of its own. */
export function builderArgv(argv: readonly string[]): readonly [string, ...string[]] {
  const { first, count } = DOCKERFILE_IDS;
  return ["/bin/sh", "-c", BECOME_BUILDER, "sh", String(first), String(count), ...argv];
}

/** Runs a command of buildah as root of a namespace of its own; resolves with its exit status when its output has ended. */
export function runAsBuilder(
  argv: BuildahArgv,
  env: Readonly<Record<string, string | undefined>>,
  onOutput: (chunk: Buffer) => void,
): Promise<number> {
  const [program, ...command] = builderArgv(argv);
  return new Promise((resolve, reject) => {
    const child = spawn(program, command, {
      env: buildahEnvironment(env),
      cwd: BUILDAH_PATHS.work,
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout.on("data", onOutput);
    child.stderr.on("data", onOutput);
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? (signal === "SIGKILL" ? 137 : 143)));
  });
}
