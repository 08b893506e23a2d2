import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Files, PACKAGE_JSON } from "./app-folder.ts";
import { CLONE } from "./running-platform.ts";

/**
 * A web server that shows who answers, and misbehaves as its config vars say:
 *
 * - `GREETING` is in every answer; `LABEL`, from label.txt, tells the code that answers; `boot` is new at each start.
 * - `EXIT_AT_ONCE` is the exit status it ends with before it listens, `LISTEN_ON` where it listens instead of
 *   everywhere, `STUBBORN` how many milliseconds it goes on after SIGTERM.
 * - `/crash` ends it; `/up` answers with length and digest of what it got; `/down?<bytes>` sends so many; `/slow?<ms>`
 *   answers late; a WebSocket gets back what it sends.
 */
const TRIAL_SERVER = `const { createHash, randomUUID } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { createServer } = require("node:http");
const { WebSocketServer } = require("./vendor/ws");
const { DYNO, EXIT_AT_ONCE, GREETING, HEROKU_DYNO_ID, LISTEN_ON, PORT, STUBBORN } = process.env;
const boot = randomUUID();
const label = readFileSync("label.txt", "utf8").trim();
if (EXIT_AT_ONCE !== undefined) {
  console.log("exiting at once");
  process.exit(Number(EXIT_AT_ONCE));
}
const paths = {
  "/crash": (request, response) => {
    response.end("crashing");
    setTimeout(() => process.exit(1), 10);
  },
  "/up": (request, response) => {
    const hash = createHash("sha256");
    let bytes = 0;
    request.on("data", (chunk) => { bytes += chunk.length; hash.update(chunk); });
    request.on("end", () => response.end(JSON.stringify({ bytes, digest: hash.digest("hex") })));
  },
  "/down": (request, response, [bytes]) => {
    const chunk = Buffer.alloc(65536, "conifer ");
    let left = Number(bytes);
    const send = () => {
      while (left > 0) {
        const part = left < chunk.length ? chunk.subarray(0, left) : chunk;
        left -= part.length;
        if (!response.write(part)) return;
      }
      response.off("drain", send).end();
    };
    response.on("drain", send);
    send();
  },
  "/slow": (request, response, [ms]) => setTimeout(() => response.end("late"), Number(ms)),
};
const server = createServer((request, response) => {
  const [path, ...query] = request.url.split("?");
  if (paths[path]) return paths[path](request, response, query);
  response.end(JSON.stringify({ greeting: GREETING, label, boot, dyno: DYNO, id: HEROKU_DYNO_ID }));
});
new WebSocketServer({ server }).on("connection", (socket) =>
  socket.on("message", (data, binary) => socket.send(data, { binary })));
process.on("SIGTERM", () => {
  console.log("the app sees SIGTERM");
  if (STUBBORN) setTimeout(() => process.exit(0), Number(STUBBORN));
  else server.close(() => process.exit(0));
});
if (LISTEN_ON === "never") setInterval(() => {}, 60_000);
else if (LISTEN_ON === "wrong-port") server.listen(0);
else server.listen(Number(PORT), LISTEN_ON);
`;

/** Says that it works, once when it starts and then each second; takes a moment to stop. */
const TRIAL_WORKER = `console.log("worker begins");
setInterval(() => console.log("working"), 1000);
process.on("SIGTERM", () => setTimeout(() => { console.log("worker is done"); process.exit(0); }, 700));
`;

/** Runs before a release, and fails when `RELEASE_STATUS` says so. */
const TRIAL_RELEASE = `console.log("release command with greeting " + process.env.GREETING);
process.exit(Number(process.env.RELEASE_STATUS ?? 0));
`;

/** The files of the trial app; further process types by their lines in the Procfile. */
export function trialApp({ label = "one", types = "" }: { label?: string; types?: string } = {}): Files {
  return {
    "package.json": PACKAGE_JSON,
    "server.js": TRIAL_SERVER,
    "work.js": TRIAL_WORKER,
    "release.js": TRIAL_RELEASE,
    "label.txt": `${label}\n`,
    Procfile: `web: node server.js\n${types}`,
    ...webSocketPackage(),
  };
}

/** What the trial app answers at `/`. */
export interface TrialAnswer {
  readonly greeting?: string;
  readonly label: string;
  readonly boot: string;
  readonly dyno: string;
  readonly id: string;
}

/** The `ws` package as files of an app that installs nothing. */
function webSocketPackage(): Files {
  const from = join(CLONE, "node_modules", "ws");
  const names = readdirSync(from, { recursive: true, encoding: "utf8" });
  return Object.fromEntries(
    names
      .filter((name) => /\.js$|^package\.json$/.test(name))
      .map((name) => [`vendor/ws/${name}`, readFileSync(join(from, name), "utf8")]),
  );
}
