import { errorText } from "../kernel/index.ts";
import { tellProgress } from "./backup-progress.ts";
import { readConfig } from "./config.ts";
import { untilInterrupted } from "./interrupted-command.ts";
import { type RestoreReport, restoreHome } from "./restore-home.ts";

const USAGE = `Usage: npm run -s restore -- <file> [--key-file <file>] [--json]

  restores a backup into CONIFER_HOME, which must be empty, and with DATABASE_URL into that database, which must be
  empty, too. All of the backup is read and checked before anything is written. npm start then starts what was backed up.
  --key-file <file>   the master key, for a backup that was made without --with-key
  --json              what was restored, as JSON

Exit status: 0 when all is restored, 3 when it is but for what was damaged in the home that was backed up, 1 when nothing
is, 2 for wrong arguments, 130 when it was broken off.`;

export interface RestoreArguments {
  readonly file: string;
  readonly keyFile: string | undefined;
  readonly json: boolean;
}

/** What the command line asks for; undefined when it makes no sense. */
export function parseRestoreArguments(args: readonly string[]): RestoreArguments | undefined {
  let [file, keyFile, json]: [string | undefined, string | undefined, boolean] = [
    undefined,
    undefined,
    false,
  ];
  for (let at = 0; at < args.length; at++) {
    const word = args[at] ?? "";
    if (word === "--json") json = true;
    else if (word === "--key-file" && keyFile === undefined && args[at + 1]) keyFile = args[++at];
    else if (!word.startsWith("-") && word !== "" && file === undefined) file = word;
    else return undefined;
  }
  return file === undefined ? undefined : { file, keyFile, json };
}

export function restoreText({ home, madeAt, tables, sections, problems }: RestoreReport): string {
  const rows = Object.values(tables).reduce((sum, count) => sum + count, 0);
  const files = Object.values(sections).reduce((sum, section) => sum + section.files, 0);
  return [
    `${home} is as it was at ${madeAt}: ${rows} rows, ${files} files. Start it: npm start`,
    ...problems.map((problem) => `Not whole: ${problem}`),
  ].join("\n");
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    console.log(USAGE);
    return 0;
  }
  const asked = parseRestoreArguments(args);
  if (!asked) {
    console.error(USAGE);
    return 2;
  }
  const config = readConfig(process.env);
  const progress = tellProgress((line) => console.error(line), process.stderr.isTTY === true);
  const report = await untilInterrupted((signal) => restoreHome({ config, ...asked, progress, signal }));
  console.log(asked.json ? JSON.stringify(report, undefined, 2) : restoreText(report));
  return report.problems.length > 0 ? 3 : 0;
}

if (import.meta.main) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (thrown) {
    console.error(errorText(thrown));
    process.exitCode = thrown instanceof DOMException && thrown.name === "AbortError" ? 130 : 1;
  }
}
