import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { type FileHandle, open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { errorText, type Logger, type Running } from "../../kernel/index.ts";
import type { AppRoute, Endpoint, RouteTable } from "../route/index.ts";
import { type RouteWrite, RoutingTable } from "./routing-table.ts";

export interface RouteJournalOptions {
  /** Where the table is kept: one write a line, oldest first. */
  readonly file: string;
  readonly logger: Logger;
  /** After how many appended writes the file is written anew. */
  readonly compactAfter?: number;
}

export interface RouteJournal extends Running {
  readonly table: RoutingTable;
  /** The port: each write is in effect at once and on file when its promise resolves. */
  readonly routes: RouteTable;
}

/**
 * The router's table, restored from its file and kept there. The file is a journal: a change costs one appended line
 * however many routes there are; now and then it is written anew from the table, next to the old one, and renamed.
 * A line that was cut off by a crash was never acknowledged and is left out.
 */
export async function openRouteJournal(options: RouteJournalOptions): Promise<RouteJournal> {
  const { file, logger, compactAfter = 10_000 } = options;
  const table = new RoutingTable();
  mkdirSync(dirname(file), { recursive: true });
  restore(table, file, logger);
  let handle = await writeAnew(table, file);
  let appended = 0;
  let queue: Promise<void> = Promise.resolve();

  const append = async (write: RouteWrite) => {
    await handle.appendFile(`${JSON.stringify(write)}\n`);
    appended += 1;
    if (appended < compactAfter) return;
    await handle.close();
    handle = await writeAnew(table, file);
    appended = 0;
  };
  const apply = (write: RouteWrite): Promise<void> => {
    if (!table.write(write)) return queue;
    const kept = queue.then(() => append(write));
    queue = kept.catch((error: unknown) => logger.error("route table not kept on disk", { error }));
    return kept;
  };
  return {
    table,
    routes: asRouteTable(apply, table),
    stop: async () => {
      await queue;
      await handle.close();
    },
  };
}

/** The port over a table, and whatever takes its writes. */
export function asRouteTable(
  apply: (write: RouteWrite) => Promise<void>,
  table: Pick<RoutingTable, "endpoints">,
): RouteTable {
  return {
    replace: (version: number, routes: readonly AppRoute[]) => apply({ kind: "replace", version, routes }),
    put: (version: number, route: AppRoute) => apply({ kind: "put", version, route }),
    remove: (version: number, appId: string) => apply({ kind: "remove", version, appId }),
    endpoints: async (appId: string): Promise<readonly Endpoint[] | undefined> => table.endpoints(appId),
  };
}

function restore(table: RoutingTable, file: string, logger: Logger): void {
  const lines = readLines(file);
  for (const [i, line] of lines.entries()) {
    try {
      table.write(JSON.parse(line) as RouteWrite);
    } catch (thrown) {
      const last = i === lines.length - 1;
      if (!last) logger.error("route table line not readable", { line: i + 1, error: errorText(thrown) });
    }
  }
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw thrown;
  }
}

/** Writes the whole table to a new file, puts it in the old one's place, and returns it open for appending. */
async function writeAnew(table: RoutingTable, file: string): Promise<FileHandle> {
  const draft = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  const handle = await open(draft, "wx", 0o600);
  try {
    for (const write of table.asWrites()) await handle.appendFile(`${JSON.stringify(write)}\n`);
    await handle.sync();
    await rename(draft, file);
    return handle;
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}
