/** Text of one process argument or variable is at most 128 KiB on Linux; a chunk stays well below. */
const CHUNK_BYTES = 96 * 1024;
const SHELL_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * The variables that carry a program's environment through the set-up of its sandbox as shell text, in which they act
 * on nothing but the program. Names that are no shell names are left out: no shell would pass them on.
 * Throws for a value that Linux cannot pass to a program at all.
 */
export function carryEnvironment(env: Readonly<Record<string, string>>): Record<string, string> {
  const chunks: string[] = [];
  let chunk = "";
  for (const [name, value] of Object.entries(env)) {
    if (!SHELL_NAME.test(name)) continue;
    if (value.includes("\0")) throw new Error(`The variable ${name} holds a zero byte. Remove it.`);
    const text = `export ${name}=${shellQuote(value)}\n`;
    if (Buffer.byteLength(text) > CHUNK_BYTES) throw new Error(tooLarge(name));
    if (Buffer.byteLength(chunk) + Buffer.byteLength(text) > CHUNK_BYTES) {
      chunks.push(chunk);
      chunk = "";
    }
    chunk += text;
  }
  if (chunk !== "") chunks.push(chunk);
  return {
    CONIFER_ENV_COUNT: String(chunks.length),
    ...Object.fromEntries(chunks.map((text, n) => [`CONIFER_ENV_${n}`, text])),
  };
}

/** The value as one word of a POSIX shell. */
export function shellQuote(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

function tooLarge(name: string): string {
  return `The variable ${name} is too large to give to a program (about ${CHUNK_BYTES / 1024} KiB). Store it elsewhere.`;
}
