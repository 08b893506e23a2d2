import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { withRegistryHost } from "./registry-host-preload.ts";

const HOST = "https://localhost:6400";

/** The host names with which a Node program that was given the options would make its requests. */
function hostsAsked(...hostnames: readonly string[]): string {
  const program = `
    const https = require("node:https");
    https.globalAgent.createConnection = (options) => { console.log(options.host); process.exitCode = 0; return new (require("node:net").Socket)(); };
    for (const hostname of ${JSON.stringify(hostnames)}) https.request({ hostname, port: 1 }).on("error", () => {}).destroy;
  `;
  const env = { ...process.env, HEROKU_HOST: HOST, NODE_OPTIONS: withRegistryHost(undefined) };
  return execFileSync(process.execPath, ["-e", program], { env, encoding: "utf8" });
}

test("requests to the client's name of the registry go to the API's port, and no others", () => {
  const names = [`registry.${HOST}`, "registry.example.com", "registry.https://localhost:7000", "localhost"];
  expect(
    hostsAsked(...names)
      .trim()
      .split("\n"),
  ).toEqual(["localhost", ...names.slice(1)]);
});

test("options that were there stay", () => {
  expect(withRegistryHost("--max-old-space-size=64")).toMatch(/^--max-old-space-size=64 --import=data:/);
  expect(withRegistryHost("")).toMatch(/^--import=data:text\/javascript,[^ ]+$/);
});
