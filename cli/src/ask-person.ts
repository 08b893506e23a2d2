import { createInterface } from "node:readline/promises";
import { CliError } from "./cli-error.ts";

/** Puts a question and returns the answer. @throws CliError `refused` where nobody can be asked */
export async function askPerson(question: string): Promise<string> {
  if (!process.stdin.isTTY)
    throw new CliError("refused", `${question}\nNobody is here to answer; say --yes if that is meant.`);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await lines.question(question)).trim();
  } finally {
    lines.close();
  }
}

/** Goes on only after a yes. */
export async function confirm(question: string): Promise<void> {
  const answer = await askPerson(`${question} [y/N] `);
  if (!/^y(?:es)?$/i.test(answer)) throw new CliError("refused", "Nothing was changed.");
}
