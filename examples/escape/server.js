const { createServer } = require("node:http");
const { run } = require("./escape.js");

/** An answer that is on its way is waited for. */
const ON_ITS_WAY_MS = 5_000;

createServer(async (request, response) => {
  const [path, query = ""] = request.url.split("?");
  if (path !== "/attempts") return response.end("here is the escape app\n");
  const telling = setInterval(() => response.write("\n"), ON_ITS_WAY_MS);
  response.write("\n");
  await run("dyno", query.split(",").filter(Boolean), (line) => response.write(`${line}\n`));
  clearInterval(telling);
  response.end();
}).listen(process.env.PORT);
