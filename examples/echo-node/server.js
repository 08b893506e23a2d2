// Answers with what it was asked, and which release answers.
const { createServer } = require("node:http");

const server = createServer((request, response) => {
  response.setHeader("content-type", "application/json");
  response.end(
    `${JSON.stringify({
      release: process.env.HEROKU_RELEASE_VERSION,
      dyno: process.env.DYNO,
      method: request.method,
      path: request.url,
      headers: request.headers,
      greeting: process.env.GREETING ?? "hello",
    })}\n`,
  );
});
server.keepAliveTimeout = 95_000;
server.listen(process.env.PORT, () => console.log(`listening on ${process.env.PORT}`));
process.on("SIGTERM", () => {
  server.close(() => process.exit(0));
  // Connections that are busy now are closed when their answer is out.
  setInterval(() => server.closeIdleConnections(), 100);
});
