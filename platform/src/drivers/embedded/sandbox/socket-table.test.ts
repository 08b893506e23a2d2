import { once } from "node:events";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { describe, expect, test } from "vitest";
import { listeningSockets } from "./sandbox-network.ts";
import {
  addressFromHex,
  hasEstablished,
  isWildcard,
  parseSocketTable,
  readListening,
  socketInodes,
  socketsInUse,
} from "./socket-table.ts";

const HEAD =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const TABLE = `${HEAD}   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 101 1 0 100 0 0 10 0
   1: 0100007F:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 102 1 0 100 0 0 10 0
   2: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 103 1 0 20 4 30 10 -1
   3: 0100007F:1F9`;
const REACH = { ipv4: "127.0.0.1", ipv6: "::1" };

test("how many sockets are in use changes with one that listens, on IPv4 and IPv6, and with its end", async () => {
  // Other tests' sockets are on this network, too.
  const changes = async (host: string) => {
    const sum = () => JSON.stringify(socketsInUse(process.pid));
    const before = sum();
    const server = createServer().listen(0, host);
    await once(server, "listening");
    const during = sum();
    await new Promise((resolve) => server.close(resolve));
    return [before !== during, during !== sum()];
  };
  await expect.poll(() => changes("127.0.0.1")).toEqual([true, true]);
  const hasIpv6 = networkInterfaces().lo?.some(({ address }) => address === "::1");
  if (hasIpv6) await expect.poll(() => changes("::1")).toEqual([true, true]);
  expect(socketsInUse(1_000_000_000)).toBeUndefined();
});

describe("the kernel's socket table", () => {
  test("is parsed row by row; a cut row is left out", () => {
    expect(parseSocketTable(TABLE)).toEqual([
      { address: "0.0.0.0", port: 8080, state: "listening", inode: "101" },
      { address: "127.0.0.1", port: 3306, state: "listening", inode: "102" },
      { address: "127.0.0.1", port: 8080, state: "established", inode: "103" },
    ]);
  });

  test.each([
    ["00000000", "0.0.0.0"],
    ["0100007F", "127.0.0.1"],
    ["0A01A8C0", "192.168.1.10"],
    ["00000000000000000000000000000000", "::"],
    ["00000000000000000000000001000000", "::1"],
    ["0000000000000000FFFF00000100007F", "::ffff:127.0.0.1"],
    ["000080FE00000000FF005450B6A6B2FE", "fe80::5054:ff:feb2:a6b6"],
  ])("%s is %s", (hex, address) => {
    expect(addressFromHex(hex)).toBe(address);
  });

  test.each([
    ["0.0.0.0", true],
    ["::", true],
    ["127.0.0.1", false],
    ["::1", false],
    ["10.0.0.1", false],
  ])("%s takes connections from everywhere: %s", (address, expected) => {
    expect(isWildcard(address)).toBe(expected);
  });

  test("a sandbox's sockets are those it holds; only wildcard ones can be reached", () => {
    const rows = [
      ...parseSocketTable(TABLE),
      { address: "::", port: 9000, state: "listening", inode: "104" } as const,
      { address: "0.0.0.0", port: 7000, state: "listening", inode: "999" } as const,
    ];
    expect(listeningSockets(rows, new Set(["101", "102", "103", "104"]), REACH)).toEqual([
      { address: "0.0.0.0", port: 8080, reachableAt: { host: "127.0.0.1", port: 8080 } },
      { address: "127.0.0.1", port: 3306 },
      { address: "::", port: 9000, reachableAt: { host: "::1", port: 9000 } },
    ]);
  });

  test("finds a real listener, whose socket it is, and its connections", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const row = readListening(process.pid).find((found) => found.port === port);
    expect(row).toMatchObject({ address: "127.0.0.1", state: "listening" });
    expect(socketInodes([process.pid])).toContain(row?.inode);
    expect(socketInodes([1_000_000_000]).size).toBe(0);
    expect(hasEstablished(process.pid, port)).toBe(false);
    const { connect } = await import("node:net");
    const client = connect(port, "127.0.0.1");
    await new Promise((resolve) => client.once("connect", resolve));
    expect(hasEstablished(process.pid, port)).toBe(true);
    client.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
});
