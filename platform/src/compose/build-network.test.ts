import { describe, expect, test } from "vitest";
import type { SandboxAbilities } from "../drivers/embedded/sandbox/index.ts";
import { type BuildNetworkFacts, chooseBuildNetwork, isolationRows } from "./build-network.ts";

const choose = (facts: Partial<BuildNetworkFacts>) =>
  chooseBuildNetwork({
    ...{ buildNetwork: undefined, runtimeSources: ["official", "registry"], hostEnv: {} },
    ...{ pullRegistries: [], wayOut: true, addresses: ["192.0.2.2", "2001:db8::2"], ...facts },
  });
const OWN = { kind: "own" };

describe("builds have", () => {
  test.each<[string, Partial<BuildNetworkFacts>]>([
    ["with nothing said", {}],
    ["with a proxy on another machine", { hostEnv: { HTTPS_PROXY: "http://proxy.example.com:3128" } }],
    ["with one at another address", { hostEnv: { HTTPS_PROXY: "http://user:127.0.0.1@192.0.2.20:3128" } }],
    ["where loopback needs no proxy", { hostEnv: { NO_PROXY: "localhost,127.0.0.1,::1" } }],
    [
      "with modules that are not checked there",
      { hostEnv: { GONOSUMDB: "localhost/*", GOPRIVATE: "localhost" } },
    ],
    ["with variables that builds never see", { hostEnv: { MY_PROXY: "http://localhost:1" } }],
    ["with registries elsewhere", { pullRegistries: [{ host: "registry.example:5000" }] }],
    ["with mirrors elsewhere", { runtimeSources: ["node=https://mirror.example/node", "debian"] }],
    [
      "when they are to, whatever is named",
      { buildNetwork: "own", hostEnv: { HTTP_PROXY: "http://localhost:3128" } },
    ],
  ])("a network of their own %s", (_what, facts) => {
    expect(choose(facts)).toEqual(OWN);
  });

  test.each<[string, Partial<BuildNetworkFacts>, string]>([
    ["a proxy on loopback", { hostEnv: { HTTPS_PROXY: "http://127.0.0.1:3128" } }, "HTTPS_PROXY"],
    ["one without a scheme", { hostEnv: { http_proxy: "localhost:3128" } }, "http_proxy"],
    ["one on IPv6", { hostEnv: { HTTP_PROXY: "http://[::1]:3128/" } }, "HTTP_PROXY"],
    ["one with a login", { hostEnv: { HTTP_PROXY: "http://me:secret@LOCALHOST:1" } }, "HTTP_PROXY"],
    ["one at the machine's address", { hostEnv: { HTTP_PROXY: "http://192.0.2.2:1" } }, "HTTP_PROXY"],
    [
      "a mirror at its address of IPv6",
      { hostEnv: { PIP_INDEX_URL: "http://[2001:db8::2]/simple" } },
      "PIP_INDEX_URL",
    ],
    [
      "one of several",
      { hostEnv: { GOPROXY: "https://proxy.example,http://registry.localhost:3000,direct" } },
      "GOPROXY",
    ],
    [
      "a registry of base images",
      { pullRegistries: [{ host: "localhost:5000" }] },
      "CONIFER_PULL_REGISTRIES",
    ],
    [
      "a mirror of one",
      { pullRegistries: [{ host: "registry.example", url: "http://192.0.2.2:5000" }] },
      "CONIFER_PULL_REGISTRIES",
    ],
    [
      "a mirror of runtimes",
      { runtimeSources: ["official", "node=http://127.1.2.3/node"] },
      "CONIFER_RUNTIME_SOURCES",
    ],
  ])("the machine's where they are given %s", (_what, facts, because) => {
    expect(choose(facts)).toEqual({ kind: "machine", because: { setting: because } });
  });

  test("the machine's where its firewall holds networks of their own, unless they are to have them", () => {
    expect(choose({ wayOut: false })).toEqual({ kind: "machine", because: "firewall" });
    expect(choose({ wayOut: false, buildNetwork: "own" })).toEqual(OWN);
  });

  test("the machine's when the operator says so", () => {
    expect(choose({ buildNetwork: "machine" })).toEqual({ kind: "machine" });
  });
});

describe("the table at the start says of builds' network", () => {
  const row = { what: "Network", state: "enforced" as const, detail: "own" };
  const absent = { what: "Network", state: "absent" as const, detail: "shared", howToGetMore: "Be root." };
  const rows = (network: "own" | "shared", builds: ReturnType<typeof choose>) => {
    const table = [{ ...row, what: "User" }, network === "own" ? row : absent, { ...row, what: "Memory" }];
    const found = isolationRows({ network, table } as unknown as SandboxAbilities, builds);
    expect(found.map(({ what }) => what)).toEqual(["User", "Network", "Network of builds", "Memory"]);
    return found[2];
  };

  test("that it is their own", () => {
    expect(rows("own", { kind: "own" })).toMatchObject({ state: "enforced" });
  });

  test("which setting keeps them from that, and how to get it", () => {
    expect(rows("own", { kind: "machine", because: { setting: "HTTP_PROXY" } })).toMatchObject({
      ...{ state: "absent", detail: "builds share this machine's network: HTTP_PROXY is on it" },
      howToGetMore: "Name another machine in HTTP_PROXY, or set CONIFER_BUILD_NETWORK=own.",
    });
  });

  test("that the firewall is why it is not", () => {
    expect(rows("own", { kind: "machine", because: "firewall" })).toMatchObject({
      ...{ state: "absent", howToGetMore: "See the row Network." },
      detail: "builds share this machine's network: one of their own would lead nowhere",
    });
  });

  test("that the operator wants it so", () => {
    expect(rows("own", { kind: "machine" })).toMatchObject({
      ...{ state: "absent", detail: "builds share this machine's network" },
      howToGetMore: "Set CONIFER_BUILD_NETWORK=own.",
    });
  });

  test("how to get any", () => {
    expect(rows("shared", { kind: "own" })).toMatchObject({ state: "absent", howToGetMore: "Be root." });
  });
});
