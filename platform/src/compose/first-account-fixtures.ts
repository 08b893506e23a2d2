import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { openDatabase } from "../drivers/postgres/store/index.ts";
import { readConfig } from "./config.ts";
import { ensureFirstAccount } from "./control-first-account.ts";

export interface FirstStart {
  readonly child: ChildProcess;
  /** What it ended with: its status or the signal. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** A process that does what a control process does first, with these settings. */
export function spawnFirstStart(settings: Readonly<Record<string, string>>): FirstStart {
  const args = ["--disable-warning=ExperimentalWarning", fileURLToPath(import.meta.url)];
  const env = { PATH: process.env.PATH, ...settings };
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"], env });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once("exit", (code, signal) => resolve(code ?? signal));
  });
  return { child, ended };
}

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const database = openDatabase({ url: config.databaseUrl ?? "", maxConnections: 2, onError: () => {} });
  await ensureFirstAccount(database.db, config);
  await database.close();
}

if (import.meta.main) await main();
