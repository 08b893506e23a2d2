import { setTimeout as sleep } from "node:timers/promises";
import { makeOutputFiles } from "./output-files.ts";

/** Run as a program: writes the numbers from 0 to `count` as lines of an output, slowly, and ends it. */
async function main(folder: string, id: string, count: number): Promise<void> {
  const outputs = makeOutputFiles(folder);
  await outputs.begin(id);
  for (let i = 0; i < count; i++) {
    await outputs.append(id, `${i} ✓\n`);
    if (i % 20 === 0) await sleep(5);
  }
  await outputs.end(id);
}

if (import.meta.main) await main(process.argv[2] ?? "", process.argv[3] ?? "", Number(process.argv[4]));
