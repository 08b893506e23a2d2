const express = require("express");
const built = require("./built.json");

const app = express();
app.get("/", (_request, response) => response.send("Hello from Express\n"));
app.get("/built", (_request, response) => response.json(built));
app.get("/slow", (_request, response) => setTimeout(() => response.send("slow\n"), 1_000));

const server = app.listen(process.env.PORT, () => console.log(`web listens on ${process.env.PORT}`));
server.keepAliveTimeout = 95_000;
process.on("SIGTERM", () => {
  server.close(() => process.exit(0));
  // Connections that are busy now are closed when their answer is out.
  setInterval(() => server.closeIdleConnections(), 100);
});
