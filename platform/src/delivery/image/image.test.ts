import { expect, test } from "vitest";
import { displayCommand } from "./image.ts";

test.each([
  [["bash", "-c"], ["node web.js"], "node web.js"],
  [["sh", "-c", "exec node"], [], "exec node"],
  [["/bin/sh", "-c"], ["a && b"], "a && b"],
  [["bash", "-c"], ["echo $1", "two"], "bash -c echo $1 two"],
  [["node", "server.js"], ["--port", "1"], "node server.js --port 1"],
])("%j with %j shows as %s", (command, args, shown) => {
  expect(displayCommand({ command, args })).toBe(shown);
});
