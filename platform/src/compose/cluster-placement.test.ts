import { expect, test } from "vitest";
import { makeFence, makePlacement, readSizeNodes } from "./cluster-placement.ts";
import { readConfig } from "./config.ts";

const config = (env: Readonly<Record<string, string>> = {}) =>
  readConfig({
    CONIFER_ENGINE: "kubernetes",
    CONIFER_REGISTRY_ADDRESS: "192.0.2.1:6450",
    CONIFER_RUN_IMAGE: "/images/run",
    ...env,
  });

test("dynos are placed on the processor that images are made for, and by their size", () => {
  const { nodes, diskBytes } = makePlacement(
    config({ CONIFER_SIZE_NODES: "performance-l=pool:big", CONIFER_DYNO_DISK: "2" }),
  );
  expect(nodes.architecture).toBe(process.arch === "x64" ? "amd64" : process.arch);
  expect(nodes.bySize).toEqual(new Map([["performance-l", { key: "pool", value: "big" }]]));
  expect(diskBytes).toBe(2 * 2 ** 30);
});

test("labels of nodes may have a prefix, and sizes any case", () => {
  expect(readSizeNodes(["Performance-L=example.com/pool:big", "eco=a:b"])).toEqual(
    new Map([
      ["performance-l", { key: "example.com/pool", value: "big" }],
      ["eco", { key: "a", value: "b" }],
    ]),
  );
});

test("a size that there is not is refused by its name", () => {
  expect(() => readSizeNodes(["huge=pool:big"])).toThrow('"huge"');
});

test("the fence lets in routers by their labels and ranges, and leads to where they listen", () => {
  const env = {
    CONIFER_OPEN_RANGES: "10.9.0.0/16",
    CONIFER_CLOSED_RANGES: "203.0.113.0/24",
    CONIFER_ROUTER_PORT: "80",
  };
  expect(makeFence({ ...config(env), systemNamespace: "conifer-system" }, ["192.0.2.7/32"])).toEqual({
    routerRanges: ["192.0.2.7/32"],
    systemNamespace: "conifer-system",
    routerPorts: [80, 8443],
    openRanges: ["10.9.0.0/16"],
    closedRanges: ["203.0.113.0/24"],
  });
});
