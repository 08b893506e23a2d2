import { readFile } from "node:fs/promises";
import { POSTGRES_USER } from "./postgres-data.ts";
import { postgresUrl } from "./postgres-settings.ts";

/** The address of a server that another process of Conifer runs, for whoever may read its password. */
export async function findPostgresUrl(at: {
  readonly socketDir: string;
  readonly passwordFile: string;
}): Promise<string> {
  const password = (await readFile(at.passwordFile, "utf8")).trim();
  return postgresUrl({ user: POSTGRES_USER, password, socketDir: at.socketDir });
}
