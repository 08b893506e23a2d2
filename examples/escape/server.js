const { createServer } = require("node:http");
const { run } = require("./escape.js");

createServer(async (request, response) => {
  const [path, query = ""] = request.url.split("?");
  if (path !== "/attempts") return response.end("here is the escape app\n");
  await run("dyno", query.split(",").filter(Boolean), (line) => response.write(`${line}\n`));
  response.end();
}).listen(process.env.PORT);
