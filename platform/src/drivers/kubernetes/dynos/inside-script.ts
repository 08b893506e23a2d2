/**
 * What runs a command inside a dyno's container. It first reads its environment, as text on its input: in a command
 * others could see it, and the cluster's API keeps commands in its logs. Then it says which process it is, and becomes
 * the command. Its own variables have names that no config var has.
 */
const ENTER = [
  "conifer_text=",
  // An end before the empty line means that nobody is there any more.
  'while IFS= read -r conifer_line || exit; [ -n "$conifer_line" ]; do conifer_text=$conifer_text$conifer_line; done',
  'eval "$conifer_text"',
  "unset conifer_text conifer_line",
  `printf '\\001conifer %s\\002' "$$"`,
  'exec "$@"',
].join("; ");

export function enterArgv(argv: readonly string[]): readonly string[] {
  return ["/bin/sh", "-c", ENTER, "sh", ...argv];
}

/** A terminal takes lines of some 4,000 characters. */
const LINE = 900;
const PLAIN = /^[A-Za-z0-9_./:=,@%+ -]$/;

/** The variables as the script reads them: printable characters only, since a terminal acts on others, ended by an empty line. */
export function environmentLines(env: Readonly<Record<string, string>>): string {
  const text = Object.entries(env)
    .map(
      ([name, value]) => `export ${name}="$(printf '%b_' '${escapeValue(value)}')"; ${name}=\${${name}%_};`,
    )
    .join("");
  return `${(text.match(new RegExp(`.{1,${LINE}}`, "g")) ?? []).join("\n")}${text === "" ? "" : "\n"}\n`;
}

/** As `printf %b` reads it. A command's output loses the line ends it ends with, so that a mark must follow it. */
function escapeValue(value: string): string {
  return [...Buffer.from(value)]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      return PLAIN.test(char) ? char : `\\0${byte.toString(8).padStart(3, "0")}`;
    })
    .join("");
}

/** Finds the script's word on which process it is, wherever chunks are cut, and lets what follows pass. */
export interface EntryFilter {
  /** The command's part of the chunk. */
  push(chunk: Buffer): Buffer;
  /** Resolves with the command's process, and the session that it leads. */
  readonly session: Promise<number>;
}

const WORD = { begin: "\u0001conifer ", end: "\u0002" };
const LONGEST_WORD = 32;

export function makeEntryFilter(): EntryFilter {
  const session = Promise.withResolvers<number>();
  // A terminal echoes what it is given: that comes before the word.
  let held: string | undefined = "";
  return {
    session: session.promise,
    push: (chunk) => {
      if (held === undefined) return chunk;
      held += chunk.toString("latin1");
      const begin = held.indexOf(WORD.begin);
      const end = begin < 0 ? -1 : held.indexOf(WORD.end, begin);
      if (end < 0) {
        held = held.slice(begin < 0 ? -LONGEST_WORD : begin);
        return Buffer.alloc(0);
      }
      session.resolve(Number(held.slice(begin + WORD.begin.length, end)));
      const rest = Buffer.from(held.slice(end + WORD.end.length), "latin1");
      held = undefined;
      return rest;
    },
  };
}

/**
 * Sends a signal to every process of a session. Fields of `/proc/<pid>/stat` behind the name, which may hold anything but
 * stands in parentheses: state, parent, group, session. (proc_pid_stat(5))
 */
const SIGNAL = `
wanted=$1 name=$2
for stat in /proc/[0-9]*/stat; do
  { IFS= read -r line <"$stat"; } 2>/dev/null || continue
  set -- \${line##*) }
  [ "$4" = "$wanted" ] || continue
  pid=\${stat#/proc/}
  kill -s "$name" "\${pid%/stat}" 2>/dev/null
done
`;

export function signalArgv(session: number, name: "HUP" | "KILL"): readonly string[] {
  return ["/bin/sh", "-c", SIGNAL, "sh", String(session), name];
}
