/**
 * The shell programs of a sandbox, POSIX shell so that they run wherever `/bin/sh` does.
 *
 *     this process ── unshare ─┬─ set-up (real or mapped root): mounts, new root
 *                    (outside) │     └─ drops every privilege, becomes
 *                              └─ init (process 1 of the sandbox)
 *                                    ├─ listener: signals that this process asks for
 *                                    └─ the program
 */

/**
 * Runs as process 1 of the new namespaces, still as (mapped) root and still with this machine's files. Only programs
 * of this machine run here, and nothing of the image. What they complain of goes to a file, not to the program's output.
 * `$1` host name · `$2` file of mounts · `$3` new root · the rest: the command that drops privileges. Descriptors: 2 the
 * complaints, 3 the listener's, 4 the program's standard error.
 */
export const SET_UP = `
hostname=$1 mounts=$2 root=$3
shift 3
for group in $CONIFER_CGROUPS; do echo 0 >"$group" || exit 125; done
joining=
for group in $CONIFER_CGROUPS_SLOW; do echo 1 >"$group" & joining=$!; done
{ echo "$hostname" >/proc/sys/kernel/hostname || hostname "$hostname"; } 2>/dev/null
networking=
[ -z "$CONIFER_NETWORK" ] || { eval "$CONIFER_NETWORK" & networking=$!; }
mount --all --fstab "$mounts" || exit 125
[ -z "$joining" ] || wait "$joining" || exit 125
[ -z "$networking" ] || wait "$networking" || exit 125
cd "$root" && pivot_root . mnt && cd / && $CONIFER_UMOUNT --lazy /mnt || exit 125
echo "$CONIFER_SET_UP_DONE" >&2
exec "$@" 2>&4 4>&-
`;

/** Limits that hold for each process. */
const LIMITS = `
  [ -z "$CONIFER_PIDS" ] || ulimit -p "$CONIFER_PIDS" || ulimit -u "$CONIFER_PIDS"
  ulimit -c 0
  ulimit -S -n 10000`;

/** Takes the place of what the set-up was told: the program's own environment. */
const TAKE_ENVIRONMENT = String.raw`
  unset PATH LC_ALL CONIFER_TERMINAL CONIFER_PIDS CONIFER_CWD CONIFER_CGROUPS CONIFER_CGROUPS_SLOW CONIFER_NETWORK CONIFER_SET_UP_DONE CONIFER_UMOUNT PWD OLDPWD
  conifer_n=0
  while [ "$conifer_n" -lt "$CONIFER_ENV_COUNT" ]; do
    eval "conifer_text=\$CONIFER_ENV_$conifer_n; unset CONIFER_ENV_$conifer_n"
    eval "$conifer_text"
    conifer_n=$((conifer_n + 1))
  done
  unset conifer_n conifer_text CONIFER_ENV_COUNT`;

/** Becomes the program that the arguments name, in a session of its own. */
const BECOME = `
  cd "$CONIFER_CWD" || exit 126
  if [ -n "$CONIFER_TERMINAL" ]; then set -- -c -- "$@"; else set -- -- "$@"; fi${TAKE_ENVIRONMENT}
  exec /usr/bin/setsid "$@"`;

/** Where a sandbox with a root of its own has the programs that build it. */
export const TOOLS_FOLDER = "/.conifer";
export const OWN_INIT_PATH = `${TOOLS_FOLDER}/init`;
export const BECOME_PATH = `${TOOLS_FOLDER}/become`;

/** How programs of this machine are called in such a sandbox: words of shell without quotes. */
export interface ToolWords {
  readonly setsid: string;
  readonly sh: string;
}

/**
 * As BECOME, of programs that are this machine's and not the image's: they must not see the program's environment, whose
 * `LD_PRELOAD` is meant for the image's libraries. So the session comes first, and a shell in it takes the environment.
 */
const becomeWith = ({ setsid, sh }: ToolWords) => `
  cd "$CONIFER_CWD" || exit 126
  if [ -n "$CONIFER_TERMINAL" ]; then set -- -c -- ${sh} ${BECOME_PATH} "$@"
  else set -- -- ${sh} ${BECOME_PATH} "$@"; fi
  exec ${setsid} "$@"`;

/** The last step of `becomeWith`, a file in the folder of tools. */
export function becomeText(): string {
  return `${TAKE_ENVIRONMENT}\n  exec "$@"\n`;
}
/**
 * As process 1 and root: begins a user namespace in which the ids from 0 on are `$1` and as many as `$2` says, and becomes the
 * rest of the arguments in it. Only a process outside can say so: it tries until the namespace is there.
 */
export const MAP_RANGE = `
first=$1 count=$2
shift 2
{
  until echo "0 $first $count" >/proc/1/uid_map; do :; done
  until echo "0 $first $count" >/proc/1/gid_map; do :; done
} 2>/dev/null &
exec unshare --user --mount --keep-caps sh -c '
  until read -r ids </proc/self/uid_map && read -r ids </proc/self/gid_map; do :; done
  exec "$@"
' sh "$@"
`;

/** On this machine: joins the sandbox's cgroups, and becomes what enters its namespaces. */
export const JOIN = `
for group in $CONIFER_CGROUPS; do echo 0 >"$group" || exit 125; done
exec "$@"
`;

/** In the sandbox, without any privilege: becomes a further program. */
export function enterText(tools?: ToolWords): string {
  return `
exec 5>&2 2>/dev/null${LIMITS}
  exec 2>&5 5>&-${tools ? becomeWith(tools) : BECOME}
`;
}

/**
 * Process 1, without any privilege. The program is its child in the foreground, so that process 1 waits for it, reaps
 * orphans meanwhile, and ends with the program's status; the kernel then kills whatever is left.
 *
 * A shell that waits cannot handle signals, so a listener does: it reads names from descriptor 3 and sends them to
 * every process but process 1. When nobody holds the other end any more, Conifer is gone, and it kills all of them.
 * A name that arrives before the program exists is tried again until there is a process to receive it.
 *
 * The program's environment comes as shell text in `CONIFER_ENV_<n>`, so that none of its variables (`LD_PRELOAD`,
 * `PATH`, `IFS` …) act on the programs above.
 */
export function initText(tools?: ToolWords): string {
  return `
exec 4<&0 5>&2 </dev/null 2>/dev/null
(
  trap '' HUP INT QUIT TERM USR1 USR2 ALRM
  exec >/dev/null 4<&- 5>&-
  while read -r name; do
    until kill -s "$name" -- -1; do :; done
  done <&3
  kill -s KILL -- -1
) &
exec 3<&-
(${LIMITS}
  exec <&4 2>&5 4<&- 5>&-${tools ? becomeWith(tools) : BECOME}
)
exit
`;
}
