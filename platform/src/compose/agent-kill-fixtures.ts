import { mkdirSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { writeNodeFiles } from "../drivers/kubernetes/logs/node-files-writer-fixtures.ts";
import { silentLogger } from "../kernel/index.ts";
import { serveTestLogs, startTestAgent, viewTestLogs } from "./agent-fixtures.ts";
import { textOfLine } from "./agent-line-fixtures.ts";

/** A process of its own, to be killed: `agent <podLogs> <state> <logs>`, `logs <folder>` or `writer <folder> <lines>`. */
const [, , mode, ...places] = process.argv;
const [first = "", second = "", third = ""] = places;

if (mode === "agent")
  await startTestAgent({
    // The cluster's API is away: what is kept on disk must do.
    client: {
      list: () => Promise.reject(new Error("the API server is away")),
      stream: () => Promise.reject(new Error("the API server is away")),
    },
    ...{ namespace: "apps", node: "node1", podLogs: first, state: second },
    peer: viewTestLogs(third).peer,
  });
if (mode === "logs") await serveTestLogs(first, silentLogger);
if (mode === "writer") await write(first, Number(second));

/** Some 3,000 lines a second, a file put aside after each 1,000. */
async function write(folder: string, lines: number): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const files = writeNodeFiles({ folder, entryBytes: 500 });
  for (let i = 1; i <= lines; i++) {
    files.line(textOfLine(i), i % 11 === 0 ? "stderr" : "stdout");
    if (i % 1_000 === 980) files.putAside();
    if (i % 1_000 === 0) {
      files.reopen();
      // None is removed: how long a killed process is away is the machine's doing.
      files.tidy(lines);
    }
    if (i % 30 === 0) await wait(10);
  }
  files.close();
  process.stdout.write("written\n");
}
