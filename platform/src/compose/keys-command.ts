import { openDatabase } from "../drivers/postgres/store/index.ts";
import { errorText } from "../kernel/index.ts";
import { databaseUrlOf, requireInstance } from "./backup-home.ts";
import { readConfig } from "./config.ts";
import { untilInterrupted } from "./interrupted-command.ts";
import {
  forgetKeyVersion,
  type KeyPlace,
  type KeyVersion,
  listKeyVersions,
  rotateMasterKey,
} from "./rotate-master-key.ts";

const USAGE = `Usage: npm run -s keys -- list              the versions of the master key, and what each one seals
       npm run -s keys -- rotate            seal with a new version from now on, and wrap everything anew
       npm run -s keys -- forget <version>  remove an older version that seals nothing any more

  works on the instance that runs in CONIFER_HOME, while it runs. A rotation that was broken off is finished by the next one.
  Older versions stay until they are forgotten: backups without a key of their own are opened with the version of their time.

Exit status: 0 when it is done, 1 when it is not, 2 for wrong arguments, 130 when it was broken off.`;

export type KeysArguments =
  | { readonly verb: "list" | "rotate" }
  | { readonly verb: "forget"; readonly version: number };

/** What the command line asks for; undefined when it makes no sense. */
export function parseKeysArguments([verb, ...rest]: readonly string[]): KeysArguments | undefined {
  if ((verb === "list" || verb === "rotate") && rest.length === 0) return { verb };
  const [text = ""] = rest;
  if (verb === "forget" && rest.length === 1 && /^[1-9]\d{0,8}$/.test(text))
    return { verb, version: Number(text) };
  return undefined;
}

export function versionLine({ version, isCurrent, rows, journal }: KeyVersion): string {
  const uses = [...(rows > 0 ? [`${rows} rows`] : []), ...(journal ? ["what the host remembers"] : [])];
  const sealsWhat = uses.length > 0 ? uses.join(" and ") : "nothing";
  const mayGo = !isCurrent && uses.length === 0 ? `; npm run -s keys -- forget ${version} removes it` : "";
  return `${version}  ${isCurrent ? "seals now" : "opens only"}; of ${sealsWhat}${mayGo}`;
}

async function run(asked: KeysArguments, place: KeyPlace, signal: AbortSignal): Promise<void> {
  if (asked.verb === "rotate") {
    let told = 0;
    const onBatch = (count: number) => {
      told += count;
      console.error(`${told} rows wrapped anew ...`);
    };
    const { current, rows, continued, settled } = await rotateMasterKey(place, { signal, onBatch });
    const began = continued ? "The rotation that was broken off is finished" : "Rotated";
    console.log(`${began}: version ${current} seals from now on, and ${rows} rows were wrapped anew.`);
    if (!settled)
      console.log("A transaction is still under way that began before. Rotate again when it has ended.");
    console.log("Back up now, with the new key: npm run -s backup -- --help");
  }
  if (asked.verb === "forget") await forgetKeyVersion(place, asked.version, Date.now());
  for (const version of await listKeyVersions(place)) console.log(versionLine(version));
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    console.log(USAGE);
    return 0;
  }
  const asked = parseKeysArguments(args);
  if (!asked) {
    console.error(USAGE);
    return 2;
  }
  const config = readConfig(process.env);
  requireInstance(config);
  const database = openDatabase({ url: await databaseUrlOf(config), maxConnections: 3, onError: () => {} });
  try {
    await untilInterrupted((signal) => run(asked, { home: config.home, db: database.db }, signal));
    return 0;
  } finally {
    await database.close();
  }
}

if (import.meta.main) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (thrown) {
    console.error(errorText(thrown));
    process.exitCode = thrown instanceof DOMException && thrown.name === "AbortError" ? 130 : 1;
  }
}
