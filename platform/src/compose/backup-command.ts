import { errorText } from "../kernel/index.ts";
import { type BackupReport, backUpHome } from "./backup-home.ts";
import { sayBytes, tellProgress } from "./backup-progress.ts";
import { readConfig } from "./config.ts";
import { untilInterrupted } from "./interrupted-command.ts";

const USAGE = `Usage: npm run -s backup -- <file> [--with-key | --key-file <file>] [--json]

  backs up the instance that runs in CONIFER_HOME, while it runs: its database, repositories, images, sources,
  logs and outputs, as they are at one moment. The file appears when it is whole. It is for you only (0600).
  --with-key          the master key, too: the file alone is then enough to restore, and to read every secret
  --key-file <file>   copies the master key there, to be kept apart
  --json              what was backed up, as JSON

Without either the master key is not copied: keep CONIFER_HOME/keys/master.json apart, since nothing can be restored
without it. Progress is told on standard error. To restore: npm run -s restore -- --help

Exit status: 0 for a whole backup, 3 for one of a home in which something is damaged (it is told what), 1 when there is no
backup, 2 for wrong arguments, 130 when it was broken off.`;

/** What the command line asks for; undefined when it makes no sense. */
export interface BackupArguments {
  readonly file: string;
  readonly key: "in" | "apart" | { readonly copyTo: string };
  readonly json: boolean;
}

export function parseBackupArguments(args: readonly string[]): BackupArguments | undefined {
  let [file, json]: [string | undefined, boolean] = [undefined, false];
  let key: BackupArguments["key"] = "apart";
  for (let at = 0; at < args.length; at++) {
    const word = args[at] ?? "";
    if (word === "--json") json = true;
    else if (word === "--with-key" && key === "apart") key = "in";
    else if (word === "--key-file" && key === "apart" && args[at + 1]) key = { copyTo: args[++at] ?? "" };
    else if (!word.startsWith("-") && word !== "" && file === undefined) file = word;
    else return undefined;
  }
  return file === undefined ? undefined : { file, key, json };
}

/** What to tell of a backup. */
export function backupText(report: BackupReport, key: BackupArguments["key"], masterKey: string): string {
  const rows = Object.values(report.tables).reduce((sum, count) => sum + count, 0);
  const files = Object.values(report.sections).reduce((sum, section) => sum + section.files, 0);
  const plain = Object.values(report.sections).reduce((sum, section) => sum + section.bytes, 0);
  const versions = report.keyVersions.join(", ");
  const whereKey = {
    in: `The master key is in it: whoever has this file reads every secret. Keep it as you keep keys.`,
    apart: `The master key (version ${versions}) is not in it, and without it nothing can be restored: keep ${masterKey} apart.`,
    copied: `The master key (version ${versions}) is in ${typeof key === "object" ? key.copyTo : ""}: keep it apart from the backup.`,
  }[typeof key === "object" ? "copied" : key];
  return [
    `${report.file}: ${sayBytes(report.bytes)} (${sayBytes(plain)} before compression), ${rows} rows, ${files} files.`,
    whereKey,
    ...report.problems.map((problem) => `Damaged in this home: ${problem}`),
  ].join("\n");
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    console.log(USAGE);
    return 0;
  }
  const asked = parseBackupArguments(args);
  if (!asked) {
    console.error(USAGE);
    return 2;
  }
  const config = readConfig(process.env);
  const progress = tellProgress((line) => console.error(line), process.stderr.isTTY === true);
  const report = await untilInterrupted((signal) =>
    backUpHome({ config, ...asked, now: new Date(), progress, signal }),
  );
  if (asked.json) console.log(JSON.stringify(report, undefined, 2));
  else console.log(backupText(report, asked.key, `${config.home.keys}/master.json`));
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
