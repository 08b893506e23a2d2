import { type Files, PACKAGE_JSON } from "./app-folder.ts";

/**
 * A web server that shows who answers, and misbehaves as its config vars say:
 *
 * - `GREETING` is in every answer; `LABEL`, from label.txt, tells the code that answers; `boot` is new at each start.
 * - `EXIT_AT_ONCE` is the exit status it ends with before it listens, `LISTEN_ON` where it listens instead of
 *   everywhere, `LISTEN_AFTER` how many milliseconds it takes to, `STUBBORN` how many milliseconds it goes on after SIGTERM.
 * - `/crash` ends it; `/up` answers with length and digest of what it got; `/down?<bytes>` sends so many; `/slow?<ms>`
 *   answers late; a WebSocket gets back what it sends.
 */
const TRIAL_SERVER = `const { createHash, randomUUID } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { createServer } = require("node:http");
const echo = require("./echo.js");
const { DYNO, EXIT_AT_ONCE, GREETING, HEROKU_DYNO_ID, LISTEN_AFTER, LISTEN_ON, PORT, STUBBORN } = process.env;
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
server.on("upgrade", echo);
process.on("SIGTERM", () => {
  console.log("the app sees SIGTERM");
  if (STUBBORN) setTimeout(() => process.exit(0), Number(STUBBORN));
  else server.close(() => process.exit(0));
});
if (LISTEN_ON === "never") setInterval(() => {}, 60_000);
else if (LISTEN_ON === "wrong-port") server.listen(0);
else setTimeout(() => server.listen(Number(PORT), LISTEN_ON), Number(LISTEN_AFTER ?? 0));
`;

/** Sends back each frame of a WebSocket as it came, the one that closes included (RFC 6455 §1.3, §5.2). */
const ECHO = `const { createHash } = require("node:crypto");
const KEY = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
module.exports = (request, socket, head) => {
  const accept = createHash("sha1").update(request.headers["sec-websocket-key"] + KEY).digest("base64");
  socket.write(["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
    "Sec-WebSocket-Accept: " + accept, "", ""].join("\\r\\n"));
  let held = head;
  const take = (chunk) => {
    held = Buffer.concat([held, chunk]);
    for (let frame = read(held); frame; frame = read(held)) {
      held = held.subarray(frame.size);
      socket.write(Buffer.concat([Buffer.from([frame.first]), frame.length, frame.payload]));
      if ((frame.first & 15) === 8) socket.end();
    }
  };
  socket.on("data", take);
  socket.on("error", () => {});
  take(Buffer.alloc(0));
};
function read(held) {
  if (held.length < 2) return undefined;
  const short = held[1] & 127;
  const more = short === 127 ? 8 : short === 126 ? 2 : 0;
  const start = 2 + more + 4;
  if (held.length < start) return undefined;
  const bytes = more === 8 ? Number(held.readBigUInt64BE(2)) : more === 2 ? held.readUInt16BE(2) : short;
  if (held.length < start + bytes) return undefined;
  const mask = held.subarray(start - 4, start);
  const payload = Buffer.from(held.subarray(start, start + bytes)).map((byte, i) => byte ^ mask[i % 4]);
  const length = Buffer.concat([Buffer.from([short]), held.subarray(2, 2 + more)]);
  return { first: held[0], length, payload, size: start + bytes };
}
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
    "echo.js": ECHO,
    "work.js": TRIAL_WORKER,
    "release.js": TRIAL_RELEASE,
    "label.txt": `${label}\n`,
    Procfile: `web: node server.js\n${types}`,
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
