/** What a Procfile says: process types with their command lines, and what is odd about it. */
export interface Procfile {
  readonly processes: readonly ProcfileProcess[];
  /** Lines that are passed over or that surprise, for a warning each. */
  readonly warnings: readonly string[];
  /** Lines that cannot be what was meant; one of them is enough to refuse the file. */
  readonly errors: readonly string[];
}

export interface ProcfileProcess {
  readonly type: string;
  readonly command: string;
  /** Line number, from 1. */
  readonly line: number;
}

const TYPE = /^[A-Za-z0-9_-]+$/;
const LONGEST_SHOWN = 60;

/**
 * Reads a Procfile: `<type>: <command>` a line, types of letters, digits, `-` and `_`. Comments and blank lines are
 * nothing; any line break will do. As on Heroku a line that is not of this form is passed over, but we say so; a line
 * that names a type and cannot work (no command, an impossible type) is an error, where Heroku drops it silently.
 */
export function parseProcfile(text: string): Procfile {
  const processes = new Map<string, ProcfileProcess>();
  const warnings: string[] = [];
  const errors: string[] = [];
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  for (const [index, raw] of lines.entries()) {
    const line = index + 1;
    const content = raw.trim();
    if (content === "" || content.startsWith("#")) continue;
    const read = parseLine(content);
    if (read.kind === "odd") warnings.push(`Line ${line} is passed over, ${read.why}: ${shown(content)}`);
    if (read.kind === "wrong") errors.push(`Line ${line}: ${read.why}: ${shown(content)}`);
    if (read.kind !== "process") continue;
    const before = processes.get(read.type);
    if (before !== undefined) {
      warnings.push(`Line ${line} replaces the process type ${read.type} of line ${before.line}.`);
    }
    if (read.command.endsWith("\\")) {
      warnings.push(`Line ${line} ends in a backslash, but a command cannot go on in the next line.`);
    }
    processes.set(read.type, { type: read.type, command: read.command, line });
  }
  return { processes: [...processes.values()], warnings, errors };
}

type Line =
  | { readonly kind: "process"; readonly type: string; readonly command: string }
  | { readonly kind: "odd"; readonly why: string }
  | { readonly kind: "wrong"; readonly why: string };

function parseLine(content: string): Line {
  if (content.includes("\0"))
    return { kind: "wrong", why: "it holds a zero byte; is this a text file in UTF-8?" };
  const colon = content.indexOf(":");
  if (colon < 0) return { kind: "odd", why: "it has no colon" };
  const type = content.slice(0, colon).trim();
  const command = content.slice(colon + 1).trim();
  if (type === "" || /\s/.test(type)) return { kind: "odd", why: "it does not begin with a process type" };
  if (!TYPE.test(type)) {
    return { kind: "wrong", why: `the type ${shown(type)} may hold letters, digits, - and _ only` };
  }
  if (command === "") return { kind: "wrong", why: `the process type ${type} has no command` };
  return { kind: "process", type, command };
}

function shown(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters must not reach a terminal
  const plain = text.replace(/[\u0000-\u001F\u007F]/g, "?");
  return plain.length <= LONGEST_SHOWN ? plain : `${plain.slice(0, LONGEST_SHOWN)}...`;
}
