// Misbehaves as its config vars say. Times are in milliseconds.
//   EXIT_AT_ONCE=code    ends before it listens
//   BOOT_DELAY=ms        listens late
//   LISTEN_ON=           127.0.0.1, ::1, wrong-port or never; otherwise all addresses
//   CRASH_AFTER=ms       ends with status 1 some time after it listens
//   IGNORE_SIGTERM=1     does not stop when it is asked to
const { createServer } = require("node:http");

const { BOOT_DELAY, CRASH_AFTER, EXIT_AT_ONCE, IGNORE_SIGTERM, LISTEN_ON, PORT } = process.env;

if (EXIT_AT_ONCE !== undefined) {
  console.log(`exiting at once with ${EXIT_AT_ONCE}`);
  process.exit(Number(EXIT_AT_ONCE));
}
const server = createServer((_request, response) => response.end(`alive as ${process.env.DYNO}\n`));
process.on("SIGTERM", () => {
  console.log(IGNORE_SIGTERM ? "ignoring SIGTERM" : "stopping");
  if (IGNORE_SIGTERM) return;
  server.close(() => process.exit(0));
  setInterval(() => server.closeIdleConnections(), 100);
});
setTimeout(boot, Number(BOOT_DELAY ?? 0));

function boot() {
  if (LISTEN_ON === "never") return void setInterval(() => {}, 60_000);
  const port = LISTEN_ON === "wrong-port" ? 0 : Number(PORT);
  const host = LISTEN_ON === "127.0.0.1" || LISTEN_ON === "::1" ? LISTEN_ON : undefined;
  server.listen({ port, host }, () => console.log(`listening on ${JSON.stringify(server.address())}`));
  if (CRASH_AFTER !== undefined) {
    setTimeout(() => {
      console.error("crashing as told");
      process.exit(1);
    }, Number(CRASH_AFTER));
  }
}
