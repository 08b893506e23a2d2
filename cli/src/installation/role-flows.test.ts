import { describe, expect, test } from "vitest";
import { installation, LARGE } from "./installation-fixtures.ts";
import { type Installation, isPart } from "./installation-names.ts";
import { flowsOf, makeFence, makePolicy } from "./role-flows.ts";
import { ROLES, type Role } from "./role-table.ts";

const small = installation();
const large = installation(LARGE);

/** Who calls whom, as a page that can be read from top to bottom. */
const EXPECTED = `
anybody -> api: api
anybody -> router: http https
anybody -> registry: images
api -> files: calls
worker -> files: calls
api -> logs: calls
worker -> logs: calls
api -> registry: calls images
worker -> registry: calls images
api -> router: calls
worker -> router: calls
files -> logs: calls
router -> logs: calls
agent -> logs: calls
api -> database: database
worker -> database: database
files -> database: database
router -> dynos: all
worker -> dynos: all
api -> cluster: 443 6443
worker -> cluster: 443 6443
router -> cluster: 443 6443
agent -> cluster: 443 6443
files -> internet: 80 443
worker -> internet: 80 443 5000
`;

test("the flows are these and no others", () => {
  const said = flowsOf(small).map(
    ({ from, to, ports }) => `${from} -> ${to}: ${ports.length === 0 ? "all" : ports.join(" ")}`,
  );
  expect(`\n${said.join("\n")}\n`).toBe(EXPECTED);
});

test("a database of somebody else's is reached at its own port", () => {
  expect(flowsOf(large).filter(({ to }) => to === "database server")).toEqual(
    ["api", "worker", "files"].map((from) => ({ from, to: "database server", ports: [6543] })),
  );
});

describe("a collector of traces", () => {
  const told = (settings: Readonly<Record<string, string>>) =>
    flowsOf(installation({ settings }))
      .filter(({ to }) => to === "collector")
      .map(({ from, ports }) => `${from}: ${ports.join()}`);
  const from = (port: number) => ["files", "registry", "api", "worker"].map((role) => `${role}: ${port}`);

  test.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector.observe:4318" }, 4318],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "https://traces.example" }, 443],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://collector.observe/v1/traces" }, 80],
    [
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector.observe:4318",
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://traces.observe:9999/in",
      },
      9999,
    ],
  ])("is reached at its port by the roles that trace: %j", (settings, port) => {
    expect(told(settings)).toEqual(from(port));
    const { egress = [] } = specOf("worker", installation({ settings }));
    expect(egress).toContainEqual({ ports: [{ port, protocol: "TCP" }] });
  });

  test("is no reason to let anybody out where there is none", () => {
    expect(told({ OTEL_SERVICE_NAME: "paas" })).toEqual([]);
  });
});

describe("the probe ports", () => {
  const rulesOf = (one: Installation) =>
    ROLES.filter((role) => isPart(role, one)).map((role) =>
      (specOf(role, one).ingress ?? []).filter(
        ({ ports }) => !ports || ports.some(({ port }) => port === 6461),
      ),
    );

  test("are closed by default", () => {
    expect(rulesOf(small).flat()).toEqual([]);
  });

  test("are open to the namespaces that the operator names, at every role and in no other way", () => {
    const scrapers = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "monitoring" } } };
    const rule = { from: [scrapers], ports: [{ port: 6461, protocol: "TCP" }] };
    for (const rules of rulesOf(large)) expect(rules).toEqual([rule]);
    expect(rulesOf(large)).toHaveLength(ROLES.length - 1);
  });

  test("every label of a selector has to be there", () => {
    const labels = { team: "observe", tier: "" };
    const [rules] = rulesOf(installation({ "metrics.namespaceSelector": labels }));
    expect(rules?.[0]?.from).toEqual([{ namespaceSelector: { matchLabels: labels } }]);
  });

  test("no role may call another's", () => {
    for (const role of ROLES) {
      const { egress = [] } = specOf(role, large);
      expect(egress.some(({ ports = [] }) => ports.some(({ port }) => port === 6461))).toBe(false);
    }
  });
});

interface Peer {
  readonly namespaceSelector?: { readonly matchLabels: Record<string, string> };
  readonly podSelector?: { readonly matchLabels: Record<string, string> };
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}
interface Rule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly { readonly port: number }[];
}
interface Spec {
  readonly podSelector: { readonly matchLabels?: Record<string, string> };
  readonly policyTypes: readonly string[];
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
}

const specOf = (role: Role, one: Installation) => makePolicy(role, one).spec as Spec;

/** Whether a policy's rules let one role through to another at a port. */
function passes(rules: readonly Rule[] | undefined, side: "from" | "to", role: Role, port: number): boolean {
  return (rules ?? []).some((rule) => {
    const peers = rule[side];
    const named =
      !peers || peers.some(({ podSelector }) => podSelector?.matchLabels["conifer.dev/role"] === role);
    return named && (!rule.ports || rule.ports.some((one) => one.port === port));
  });
}

describe("policies", () => {
  const pairs = ROLES.flatMap((from) => ROLES.map((to) => [from, to] as const)).filter(
    ([from, to]) => from !== to && from !== "agent" && to !== "agent",
  );

  test.each(pairs)("from %s to %s passes where the table says, at both ends", (from, to) => {
    for (const port of [5432, 6450, 6460, 6461]) {
      const names: Record<string, number> = { database: 5432, images: 6450, calls: 6460 };
      const told = flowsOf(small).some(
        (flow) =>
          flow.from === from && flow.to === to && flow.ports.some((one) => (names[one] ?? one) === port),
      );
      const out = passes(specOf(from, small).egress, "to", to, port);
      const into = passes(specOf(to, small).ingress, "from", from, port);
      // What anybody may call, a role may be called at too; it has to have a way out all the same.
      expect(out && into).toBe(told);
    }
  });

  test.each(ROLES)("of %s say both directions, for its pods alone", (role) => {
    const spec = specOf(role, large);
    expect(spec.policyTypes).toEqual(["Ingress", "Egress"]);
    expect(spec.podSelector.matchLabels).toEqual({ "conifer.dev/role": role });
  });

  test("the store is called by nobody else, and calls nobody", () => {
    const { ingress, egress } = specOf("database", small);
    expect(egress).toBeUndefined();
    const callers = (ingress ?? []).flatMap(({ from = [] }) =>
      from.map(({ podSelector }) => podSelector?.matchLabels["conifer.dev/role"]),
    );
    expect(callers).toEqual(["api", "worker", "files"]);
    for (const rule of ingress ?? []) expect(rule.from).toBeDefined();
  });

  test("no role reaches the address where a cloud tells a machine who it is", () => {
    for (const role of ROLES) {
      for (const { to = [] } of specOf(role, large).egress ?? []) {
        for (const { ipBlock } of to) {
          if (ipBlock?.cidr === "0.0.0.0/0") expect(ipBlock.except).toContain("169.254.0.0/16");
          if (ipBlock?.cidr === "::/0") expect(ipBlock.except).toContain("fd00:ec2::/32");
        }
      }
    }
  });

  test("a cluster whose address is known is called there only", () => {
    const { egress = [] } = specOf("router", large);
    expect(egress).toContainEqual({
      to: [{ ipBlock: { cidr: "192.0.2.0/28" } }],
      ports: [
        { port: 443, protocol: "TCP" },
        { port: 6443, protocol: "TCP" },
      ],
    });
  });

  test("the agent is known by its own namespace", () => {
    const { ingress = [] } = specOf("logs", large);
    expect(ingress.flatMap(({ from = [] }) => from)).toContainEqual({
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "conifer-agents" } },
      podSelector: { matchLabels: { "conifer.dev/role": "agent" } },
    });
    const without = (specOf("logs", installation({ "agent.enabled": false })).ingress ?? []).flatMap(
      ({ from = [] }) => from,
    );
    expect(JSON.stringify(without)).not.toContain("agent");
  });
});

test("beside these nothing passes but names", () => {
  const [nothing, names] = makeFence("conifer-system", small);
  expect(nothing?.spec).toEqual({ podSelector: {}, policyTypes: ["Ingress", "Egress"] });
  expect(names?.spec).toEqual({
    podSelector: {},
    policyTypes: ["Egress"],
    egress: [
      {
        ports: [
          { port: 53, protocol: "UDP" },
          { port: 53, protocol: "TCP" },
        ],
      },
    ],
  });
});
