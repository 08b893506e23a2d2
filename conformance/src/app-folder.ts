import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Person } from "./stock-client.ts";

/** Files by their path in the folder. */
export type Files = Readonly<Record<string, string>>;

/** A web server of a few lines, with what several journeys look at. Node only, nothing to install. */
export const HELLO_SERVER = `const { createServer } = require("node:http");
const answer = () => \`hello \${process.env.GREETING ?? "nobody"} from \${process.env.DYNO}\\n\`;
createServer((request, response) => {
  if (request.url === "/log") console.log("a line from the app");
  if (request.url === "/env") return response.end(JSON.stringify(process.env));
  response.end(answer());
}).listen(process.env.PORT, () => console.log("listening"));
process.on("SIGTERM", () => process.exit(0));
`;

/** What makes a folder a Node.js app. Nothing to install. */
export const PACKAGE_JSON = '{ "name": "app", "version": "1.0.0", "private": true }\n';

/** The smallest app that serves and works in the background. */
export const HELLO_APP: Files = {
  "package.json": PACKAGE_JSON,
  "server.js": HELLO_SERVER,
  "work.js": 'setInterval(() => console.log("working"), 1000);\n',
  Procfile: "web: node server.js\nworker: node work.js\n",
};

export function writeFiles(folder: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** Commits the folder as it is, and returns the commit. */
export async function commitAll(person: Person, folder: string, message: string): Promise<string> {
  const git = async (...args: string[]) => {
    const result = await person.git(args, { cwd: folder });
    if (result.code !== 0) throw new Error(`git ${args.join(" ")}: ${result.all}`);
    return result.stdout.trim();
  };
  await git("add", "--all");
  await git("commit", "--quiet", "--allow-empty", "--message", message);
  return await git("rev-parse", "HEAD");
}

/** A folder in the person's home with a repository of one commit. */
export async function makeAppFolder(person: Person, name: string, files: Files): Promise<string> {
  const folder = person.folder(name);
  await person.git(["init", "--quiet"], { cwd: folder });
  writeFiles(folder, files);
  await commitAll(person, folder, "First");
  return folder;
}
