import { parseArgs } from "node:util";

export interface NumberGrammar<Name extends string, Asked> {
  /** Of the options, each of which is followed by a whole number. */
  readonly names: readonly Name[];
  readonly usage: string;
  /** Puts in what was left out. Throws an error with a sentence for whoever typed it when a number makes no sense. */
  complete(given: Readonly<Partial<Record<Name, number>>>): Asked;
}

/** What is to be printed in place of doing anything: an answer to `--help`, or why the arguments are refused. */
export type Unasked = { readonly help: string } | { readonly refused: string };

/** Reads the arguments of a command that takes whole numbers alone. What it refuses comes with the usage. */
export function readNumbers<Name extends string, Asked extends object>(
  args: readonly string[],
  { names, usage, complete }: NumberGrammar<Name, Asked>,
): Asked | Unasked {
  const text = { type: "string" } as const;
  const help = { type: "boolean", short: "h" } as const;
  try {
    const options = { ...Object.fromEntries(names.map((name) => [name, text])), help };
    const { values } = parseArgs({ args: [...args], options });
    if (values.help) return { help: usage };
    const given = Object.entries(values).map(([name, value]) => [name, whole(name, String(value))]);
    return complete(Object.fromEntries(given));
  } catch (thrown) {
    return { refused: `${thrown instanceof Error ? thrown.message : thrown}\n${usage}` };
  }
}

/** Prints what there is to say, and returns the exit status for it. */
export function tellUnasked(unasked: Unasked): 0 | 2 {
  if ("help" in unasked) {
    console.log(unasked.help);
    return 0;
  }
  console.error(unasked.refused);
  return 2;
}

function whole(name: string, text: string): number {
  // Every number of so many digits is exact.
  if (!/^\d{1,15}$/.test(text))
    throw new Error(`--${name} must be a whole number of at most 15 digits, not ${text}.`);
  return Number(text);
}
