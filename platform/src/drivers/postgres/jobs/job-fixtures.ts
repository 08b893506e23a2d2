import { silentLogger } from "../../../kernel/index.ts";
import { openDatabase } from "../store/index.ts";
import { type JobKind, startJobs } from "./durable-jobs.ts";

/** As short as the library allows. */
export const QUICK = { heartbeatSeconds: 10, pollSeconds: 0.5, superviseSeconds: 1 };

/** Run as a program: works on the kind `hang`, says when it has one, and never ends it. */
async function main(url: string): Promise<void> {
  const database = openDatabase({ url, maxConnections: 3, onError: () => {} });
  const hang: JobKind = {
    name: "hang",
    run: async ({ text }) => {
      console.log(`working on ${text}`);
      await new Promise((resolve) => setTimeout(resolve, 600_000));
    },
  };
  await startJobs({ database, kinds: [hang], logger: silentLogger, ...QUICK });
}

if (import.meta.main) await main(process.argv[2] ?? "");
