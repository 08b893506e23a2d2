// Everybody who is connected sees what anybody says. A ping every 30 s keeps idle connections open: the router closes
// those that are silent for 55 s.
const { readFileSync } = require("node:fs");
const { createServer } = require("node:http");
const { join } = require("node:path");
const { WebSocketServer, WebSocket } = require("ws");

const page = readFileSync(join(__dirname, "public", "index.html"));
const server = createServer((_request, response) => response.setHeader("content-type", "text/html").end(page));
const chat = new WebSocketServer({ server, path: "/chat", maxPayload: 64 * 1024 });

chat.on("connection", (socket) => {
  socket.on("message", (data) => {
    for (const other of chat.clients) if (other.readyState === WebSocket.OPEN) other.send(String(data));
  });
  socket.on("error", () => socket.terminate());
});
const pinging = setInterval(() => {
  for (const socket of chat.clients) socket.ping();
}, 30_000);

server.listen(process.env.PORT, () => console.log(`chat listens on ${process.env.PORT}`));
process.on("SIGTERM", () => {
  clearInterval(pinging);
  for (const socket of chat.clients) socket.close(1001, "the chat restarts");
  server.close(() => process.exit(0));
  setInterval(() => server.closeIdleConnections(), 100);
});
