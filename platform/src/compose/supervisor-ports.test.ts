import { createServer, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { freePort } from "../kernel/free-port-fixtures.ts";
import { readConfig } from "./config.ts";
import { checkPorts, wantedPorts } from "./supervisor-ports.ts";

const open: Server[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

async function takenPort(): Promise<number> {
  const server = createServer();
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as { port: number }).port;
}

const loopback = ["127.0.0.1"];

test("free ports are fine, and stay free", async () => {
  const ports = [{ variable: "CONIFER_PORT", port: await freePort() }];
  await checkPorts(ports, loopback);
  await checkPorts(ports, loopback);
});

test("every taken port is named with its variable, the free one is not", async () => {
  const ports = [
    { variable: "CONIFER_PORT", port: await takenPort() },
    { variable: "CONIFER_ROUTER_PORT", port: await freePort() },
    { variable: "CONIFER_ROUTER_TLS_PORT", port: await takenPort() },
  ];
  const failure = await checkPorts(ports, loopback).catch((thrown: Error) => thrown.message);
  expect(failure).toMatch(/CONIFER_PORT to a free port/);
  expect(failure).toMatch(/CONIFER_ROUTER_TLS_PORT to a free port/);
  expect(failure).not.toContain("CONIFER_ROUTER_PORT");
});

test("one number for two ports is told before it is tried", async () => {
  const port = await freePort();
  const ports = [
    { variable: "CONIFER_PORT", port },
    { variable: "CONIFER_ROUTER_PORT", port },
  ];
  await expect(checkPorts(ports, loopback)).rejects.toThrow(
    `CONIFER_PORT and CONIFER_ROUTER_PORT are both ${port}`,
  );
});

test("an address that is not this machine's points at CONIFER_LISTEN", async () => {
  const ports = [{ variable: "CONIFER_PORT", port: await freePort() }];
  await expect(checkPorts(ports, ["192.0.2.1"])).rejects.toThrow(/CONIFER_LISTEN/);
});

test("the registry's port counts when the registry is on, at its own addresses", async () => {
  expect(wantedPorts(readConfig({}))).toHaveLength(3);
  const on = { CONIFER_REGISTRY: "on", CONIFER_REGISTRY_PORT: String(await takenPort()) };
  const own = (config: Record<string, string>) => wantedPorts(readConfig(config)).slice(3);
  const taken = checkPorts(own(on), loopback);
  await expect(taken).rejects.toThrow("set CONIFER_REGISTRY_PORT to a free port");
  const elsewhere = checkPorts(own({ ...on, CONIFER_REGISTRY_LISTEN: "192.0.2.1" }), loopback);
  await expect(elsewhere).rejects.toThrow(/no address 192.0.2.1. Correct CONIFER_REGISTRY_LISTEN/);
});

test("the ports are those of the configuration", () => {
  const config = readConfig({ CONIFER_PORT: "1", CONIFER_ROUTER_PORT: "2", CONIFER_ROUTER_TLS_PORT: "3" });
  expect(wantedPorts(config).map(({ port }) => port)).toEqual([1, 2, 3]);
});
