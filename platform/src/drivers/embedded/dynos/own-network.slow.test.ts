import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type DynoBehavior,
  DynoFollower,
  suiteSpec,
  testDynoHost,
} from "../../../runtime/dyno/dyno-host-suite.ts";
import { missingPrograms } from "../sandbox/debian-package-fixture.ts";
import { openSandboxes } from "../sandbox/index.ts";
import { type AddressPlan, planAddresses } from "../sandbox/network-plan.ts";
import { eventually } from "../sandbox/sandbox-fixtures.ts";
import { type DynoWorld, openDynoWorld, program, shell } from "./dyno-host-fixtures.ts";

const WHY =
  process.getuid?.() === 0
    ? missingPrograms(["ip", "nft", "nsenter"], "nftables")
    : "needs root for network interfaces";

const BEHAVIORS = {
  serves: program("serve"),
  "never-listens": shell("exec sleep 60"),
  works: shell("exec sleep 60"),
  "exits-0": shell("exit 0"),
  "exits-3": shell("exit 3"),
  "ignores-term": program("stubborn"),
  echo: program("echo"),
} satisfies Record<DynoBehavior, unknown>;

async function listen(): Promise<Server & { port: number }> {
  const server = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, "::", resolve));
  return Object.assign(server, { port: (server.address() as { port: number }).port });
}

function nft(rules: string): void {
  const { status, stderr } = spawnSync("nft", ["-f", "-"], { input: `${rules}\n`, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}

/** This machine's own, but for loopback. */
const ownAddresses = () =>
  Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .filter(({ family, internal }) => family === "IPv4" && !internal)
    .map(({ address }) => address);

describe.skipIf(WHY !== undefined)(`a network for each dyno${WHY ? ` (skipped: ${WHY})` : ""}`, () => {
  let world: DynoWorld;
  /** A service of this machine's that is for everybody. */
  let open: Server & { port: number };
  beforeAll(async () => {
    open = await listen();
    world = await openDynoWorld("own", { openPorts: [open.port] });
  });
  afterAll(async () => {
    await world.close();
    await new Promise((resolve) => open.close(resolve));
    expect(spawnSync("nft", ["list", "tables"]).stdout.toString()).not.toContain(world.home);
  });

  test("is found by trial", () => {
    expect(world.sandboxes.abilities.network).toBe("own");
  });

  testDynoHost("the embedded engine with networks", async () => {
    const running = await world.startHost();
    return { host: running.dynos, program: (behavior) => BEHAVIORS[behavior], close: () => running.stop() };
  });

  describe("keeps a dyno", () => {
    /** What a line of shell prints in a dyno of its own. */
    async function ask(line: string): Promise<string> {
      const host = await world.startHost();
      const watched = new DynoFollower(host.dynos);
      const spec = suiteSpec({ program: () => shell(line) }, "works", { name: "run.1", duty: "work" });
      world.lines.length = 0;
      await host.dynos.run(spec, { attach: false });
      await watched.until(spec.id, "complete");
      await host.stop();
      await watched.close();
      return world.lines
        .filter(({ source }) => source === "app")
        .map(({ message }) => message)
        .join("\n");
    }

    const REACH =
      'reach() { timeout 1 bash -c "</dev/tcp/$1/$2" 2>/dev/null && echo reached || echo refused; }';

    test("from this machine's loopback and other addresses", async () => {
      const server = await listen();
      const gateway = "$(ip route | sed -n 's/^default via \\([^ ]*\\).*/\\1/p')";
      const places = ["127.0.0.1", ...ownAddresses(), gateway];
      const line = places.map((place) => `reach ${place} ${server.port}`).join("; ");
      const answers = await ask(`${REACH}; ${line}`);
      expect(answers.split("\n")).toEqual(places.map(() => "refused"));
      await new Promise((resolve) => server.close(resolve));
    });

    test("but not from what this machine has for everybody", async () => {
      const [place = ""] = ownAddresses();
      const answers = await ask(`${REACH}; reach ${place} ${open.port}; reach 127.0.0.1 ${open.port}`);
      expect(answers.split("\n")).toEqual(["reached", "refused"]);
    });

    test("from another dyno, which this machine reaches", async () => {
      const host = await world.startHost();
      const watched = new DynoFollower(host.dynos);
      const web = suiteSpec({ program: () => program("serve") }, "serves");
      await host.dynos.apply({ appId: web.appId, dynos: [web] }, { subject: "formation", number: 1 });
      const { state } = await watched.until(web.id, "up");
      expect(state.address?.host).not.toMatch(/^(127\.|::1$)/);
      const other = suiteSpec(
        { program: () => shell(`${REACH}; reach ${state.address?.host} ${state.address?.port}`) },
        "works",
        { name: "run.2", duty: "work" },
      );
      await host.dynos.run(other, { attach: false });
      await watched.until(other.id, "complete");
      expect(world.log("run.2")).toContain("app[run.2]: refused");
      await host.stop();
      await watched.close();
    });

    test("but not from itself", async () => {
      const line = 'node serve.js & until [ "$(reach 127.0.0.1 $PORT)" = reached ]; do :; done; echo reached';
      expect(await ask(`${REACH}; ${line}`)).toBe("reached");
    });

    test("in a network that has a loopback, a resolver and a way out", async () => {
      const answers = await ask(
        "ip -4 -o addr show | wc -l; grep -c nameserver /etc/resolv.conf; ip route | grep -c default",
      );
      expect(
        answers
          .split("\n")
          .map(Number)
          .every((count) => count >= 1),
      ).toBe(true);
    });
  });

  test("that a firewall lets nowhere is known, and told", async () => {
    const home = mkdtempSync(join(tmpdir(), "conifer-held-"));
    const { interfacePrefix, table } = planAddresses(home, []) as AddressPlan;
    const held = `${table}_held`;
    const chain = "type filter hook forward priority 0; policy accept;";
    const rule = `iifname "${interfacePrefix}*" drop`;
    nft(`table inet ${held} { chain forward { ${chain} ${rule}; }; }`);
    try {
      const sandboxes = await openSandboxes({ home, directory: join(home, "shared") });
      await sandboxes.stop();
      const { network, wayOut, table: rows } = sandboxes.abilities;
      expect([network, wayOut]).toEqual(["own", false]);
      expect(rows.find(({ what }) => what === "Network")?.howToGetMore).toContain("firewall");
    } finally {
      nft(`delete table inet ${held}`);
      rmSync(home, { recursive: true });
    }
    expect(world.sandboxes.abilities.wayOut).toBe(true);
  });

  test("leaves no interface behind", async () => {
    const { interfacePrefix } = planAddresses(world.home, []) as AddressPlan;
    // Other instances' dynos come and go meanwhile.
    const links = () => {
      const lines = spawnSync("ip", ["-br", "link"]).stdout.toString().split("\n");
      return lines.filter((line) => line.startsWith(interfacePrefix));
    };
    const host = await world.startHost();
    const watched = new DynoFollower(host.dynos);
    const web = suiteSpec({ program: () => program("serve") }, "serves");
    const before = links();
    await host.dynos.apply({ appId: web.appId, dynos: [web] }, { subject: "formation", number: 1 });
    await watched.until(web.id, "up");
    // One of an earlier test may go meanwhile.
    expect(links().filter((line) => !before.includes(line))).toHaveLength(1);
    await host.stop();
    await watched.close();
    await eventually("interfaces are gone", () => !links().some((line) => !before.includes(line)));
  });
});
