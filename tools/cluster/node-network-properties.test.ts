import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clusterFolders } from "./cluster-folders.ts";
import {
  type ClusterPlan,
  type ClusterSettings,
  MOST_NODES,
  NAME_RULE,
  planCluster,
  SLOTS,
} from "./cluster-plan.ts";
import { egressRules, hostCommands, isLinkOf, markedRules, nodeRoutes } from "./host-network.ts";
import { mountScript, networkScript, quote } from "./node-scripts.ts";
import { mountsBelow } from "./take-down-cluster.ts";

const anyName = fc.stringMatching(NAME_RULE);
const anyPlan: fc.Arbitrary<ClusterPlan> = fc
  .record<ClusterSettings>({
    name: anyName,
    slot: fc.integer({ min: 1, max: SLOTS }),
    nodes: fc.integer({ min: 1, max: MOST_NODES }),
    dualStack: fc.boolean(),
    egress: fc.boolean(),
  })
  .map(planCluster);

/** Where a list of `route replace` commands leads: destination to the rest. */
const destinations = (commands: readonly string[]) =>
  commands.flatMap((command) => /^route replace (\S+) /.exec(command)?.[1] ?? []);

describe("ways", () => {
  test("lead from the host to every node's pods and to Services, each once", () => {
    fc.assert(
      fc.property(anyPlan, (plan) => {
        const { members, services, dualStack } = plan;
        const expected = [
          ...members.map(({ pods }) => pods.v4),
          services.v4,
          ...(dualStack ? [...members.map(({ pods }) => pods.v6), services.v6] : []),
        ];
        const commands = hostCommands(plan, 1500);
        expect(destinations(commands)).toEqual(expected);
        for (const command of commands) expect(command).toContain(plan.bridge);
      }),
    );
  });

  test("lead from a node to all pods but its own", () => {
    fc.assert(
      fc.property(anyPlan, (plan) => {
        for (const node of plan.members) {
          const found = destinations(nodeRoutes(plan, node.number));
          expect(found).not.toContain(node.pods.v4);
          expect(found).not.toContain(node.pods.v6);
          const others = plan.members.filter((one) => one !== node);
          for (const { pods } of others) {
            expect(found).toContain(pods.v4);
            expect(found.includes(pods.v6)).toBe(plan.dualStack);
          }
          expect(found.includes("default")).toBe(plan.egress);
          expect(new Set(found).size).toBe(found.length);
        }
      }),
    );
  });

  test("hold no IPv6 where there is one family", () => {
    fc.assert(
      fc.property(anyPlan, (plan) => {
        const all = [
          ...hostCommands(plan, 1500),
          ...plan.members.flatMap(({ number }) => nodeRoutes(plan, number)),
        ];
        expect(all.some((command) => command.includes("fd98:"))).toBe(plan.dualStack);
        for (const command of all) expect(command).not.toMatch(/undefined|NaN|\n/);
      }),
    );
  });
});

describe("rules of the packet filter", () => {
  /** How `iptables -S` lists them: newer ones quote the comment, older ones do not. */
  const listed = (plan: ClusterPlan, quoted: boolean) =>
    egressRules(plan).map(({ chain, rule }) => {
      const words = rule.map((word) => (quoted && word.startsWith("conifer-cluster:") ? `"${word}"` : word));
      return `-A ${chain} ${words.join(" ")}`;
    });

  test("are found among those of another cluster as they were made", () => {
    fc.assert(
      fc.property(anyPlan, anyPlan, fc.boolean(), (own, other, quoted) => {
        fc.pre(own.name !== other.name);
        const text = ["-P FORWARD DROP", ...listed(other, quoted), ...listed(own, quoted), ""].join("\n");
        const expected = egressRules(own).map(({ chain, rule }) => [chain, ...rule]);
        expect(markedRules(text, own.name)).toEqual(expected);
      }),
    );
  });

  test.each([
    "-N conifer-cluster:dev",
    "-P FORWARD ACCEPT --comment conifer-cluster:dev",
    "-A FORWARD --comment conifer-cluster:develop -j ACCEPT",
    '-A FORWARD --comment "conifer-cluster:dev too" -j ACCEPT',
    '-A FORWARD --comment "conifer-cluster:dev -j ACCEPT',
    "-A FORWARD --comment my-conifer-cluster:dev -j ACCEPT",
    "-D FORWARD --comment conifer-cluster:dev -j ACCEPT",
  ])("%s is not dev's", (line) => {
    expect(markedRules(line, "dev")).toEqual([]);
  });

  test("let through what comes from the bridge and what goes there, and hide only what leaves", () => {
    fc.assert(
      fc.property(anyPlan, (plan) => {
        const [hide, ...forward] = egressRules(plan);
        expect(hide?.rule.at(-1)).toBe("MASQUERADE");
        expect(hide?.rule.slice(0, 5)).toEqual(["-s", plan.block.v4, "!", "-d", plan.block.v4]);
        expect(forward.map(({ rule }) => rule.slice(0, 2))).toEqual([
          ["-i", plan.bridge],
          ["-o", plan.bridge],
        ]);
      }),
    );
  });
});

describe("network devices", () => {
  test("of a cluster are its own and no other's", () => {
    fc.assert(
      fc.property(anyPlan, anyName, (plan, other) => {
        for (const link of [plan.bridge, ...plan.members.map((node) => node.link)]) {
          expect(isLinkOf(link, plan.name)).toBe(true);
          expect(isLinkOf(link, other)).toBe(other === plan.name);
        }
      }),
    );
  });

  test.each([
    "",
    "ck-",
    "ck-dev-",
    "ck-dev-12",
    "ck-dev-a",
    "xck-dev",
    "ck-dev-1\n",
    "CK-DEV",
    "dev",
    "vethck-dev",
  ])("%j is none of dev's", (link) => {
    expect(isLinkOf(link, "dev")).toBe(false);
  });
});

describe("scripts", () => {
  test("a quoted word reaches the program as it is", () => {
    /** Reads single-quoted pieces and escaped quotes, as a shell does. */
    const unquote = (text: string) =>
      [...text.matchAll(/'([^']*)'|\\(.)/gs)].map(([, plain, escaped]) => plain ?? escaped).join("");
    const letter = fc.constantFrom("'", '"', "\\", "$", "`", " ", "\n", "a", "é", "!");
    fc.assert(fc.property(fc.string({ unit: letter }), (word) => unquote(quote(word)) === word));
    expect(quote("")).toBe("''");
  });

  test("bind the node's own folders, whatever the path holds", () => {
    const folders = clusterFolders("dev", { CONIFER_CLUSTER_STATE: "/it's my/$data", HOME: "/root" });
    const [node] = planCluster({ name: "dev", slot: 1, nodes: 1, dualStack: false, egress: true }).members;
    if (!node) throw new Error("no node");
    const script = mountScript(node, folders);
    expect(script).toContain("mount --bind '/it'\\''s my/$data/dev/node1/lib' /var/lib");
    expect(script).toContain("mount --bind '/it'\\''s my/$data/dev/node1/log' /var/log");
    expect(script.indexOf("tmpfs /run")).toBeLessThan(script.indexOf("mkdir -p /run/lock"));
  });

  test("set a network with the addresses of the node before its ways", () => {
    fc.assert(
      fc.property(anyPlan, fc.integer({ min: 576, max: 1500 }), (plan, mtu) => {
        for (const node of plan.members) {
          const routes = nodeRoutes(plan, node.number);
          const [, batch = ""] = networkScript(plan, node, mtu, routes).split("ip -batch - <<'END'\n");
          const lines = batch.split("\n");
          expect(lines.at(-1)).toBe("END");
          expect(lines.slice(0, 3)).toEqual([
            "link set lo up",
            `link set eth0 mtu ${mtu} up`,
            `address replace ${node.address.v4}/24 dev eth0`,
          ]);
          expect(lines.slice(plan.dualStack ? 4 : 3, -1)).toEqual(routes);
        }
      }),
    );
  });
});

describe("mount points", () => {
  const line = (point: string) => `29 1 0:26 / ${point} rw shared:1 - tmpfs tmpfs rw`;

  test.each([
    ["/data", ["/data", "/data/a", "/database", "/dat"], ["/data", "/data/a"]],
    ["/data/dev", ["/data", "/data/dev/node1/lib"], ["/data/dev/node1/lib"]],
    ["/my data", ["/my\\040data/x"], ["/my data/x"]],
    ["/data", [], []],
  ])("of %s among %j are %j", (folder, points, found) => {
    expect(mountsBelow(folder, points.map(line).join("\n"))).toEqual(found);
  });

  test("are none in lines that are none", () => {
    expect(mountsBelow("/data", "")).toEqual([]);
    expect(mountsBelow("/data", "\n\n1 2 3\n/data /data /data\n")).toEqual([]);
  });
});
