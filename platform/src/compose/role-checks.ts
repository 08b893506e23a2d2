import { statfs } from "node:fs/promises";
import type { Database } from "../drivers/postgres/store/index.ts";
import type { ReadyCheck } from "./role-readiness.ts";

/** The store answers a statement. */
export function databaseCheck(database: Pick<Database, "query">): ReadyCheck {
  return {
    name: "database",
    look: async () => {
      await database.query("select 1");
      return undefined;
    },
  };
}

/** With less than this nothing that is of use can be written any more: bytes. */
const LEAST_SPACE = 16 * 1024 * 1024;

/** The disk below the folder takes writes. */
export function diskCheck(folder: string, space: typeof spaceOf = spaceOf): ReadyCheck {
  return {
    name: "disk",
    look: async () => {
      const { bytes, files } = await space(folder);
      if (bytes < LEAST_SPACE) return `The disk of ${folder} is full.`;
      return files === 0 ? `The disk of ${folder} has no room for another file.` : undefined;
    },
  };
}

async function spaceOf(folder: string): Promise<{ bytes: number; files: number | undefined }> {
  const { bavail, bsize, files, ffree } = await statfs(folder);
  // File systems that do not count files tell 0 of 0.
  return { bytes: bavail * bsize, files: files === 0 ? undefined : ffree };
}

/** The router knows where dynos are. */
export function dynosCheck(table: { endpoints(appId: string): unknown }): ReadyCheck {
  return {
    name: "dynos",
    look: async () =>
      table.endpoints("") === undefined
        ? "Where dynos run is not known: whoever runs them cannot be reached."
        : undefined,
  };
}
