import { describe, expect, test } from "vitest";
import { installation, LARGE } from "./installation-fixtures.ts";
import type { Installation, Manifest } from "./installation-names.ts";
import type { Overrides } from "./read-values.ts";
import { makeRolePod } from "./role-pods.ts";
import { EDGE_SERVICE, IMAGES_SERVICE, makeGatewayRoutes, makeServices } from "./role-services.ts";
import { ROLES, type Role } from "./role-table.ts";

interface Spec {
  readonly type: string;
  readonly clusterIP?: string;
  readonly externalTrafficPolicy?: string;
  readonly publishNotReadyAddresses?: boolean;
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: readonly {
    readonly name: string;
    readonly port: number;
    readonly targetPort: string;
    readonly nodePort?: number;
  }[];
}
interface Pod {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly containers: readonly {
      readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
    }[];
  };
}

const specOf = ({ spec }: Manifest) => spec as Spec;
function named(role: Role, name: string, one: Installation): Spec {
  const found = makeServices(role, one).find(({ metadata }) => metadata.name === name);
  if (!found) throw new Error(`no ${name}`);
  return specOf(found);
}
const edge = (overrides: Overrides) => named("router", EDGE_SERVICE, installation(overrides));

describe.each([
  ["default", installation()],
  ["large", installation(LARGE)],
])("services of the %s installation", (_name, one) => {
  test.each(ROLES)("lead to ports that the pods of %s have", (role) => {
    const { metadata, spec } = makeRolePod(role, one) as unknown as Pod;
    const there = spec.containers[0]?.ports.map(({ name }) => name) ?? [];
    for (const { selector, ports } of makeServices(role, one).map(specOf)) {
      expect(metadata.labels).toMatchObject(selector);
      for (const { targetPort } of ports) expect(there).toContain(targetPort);
    }
  });

  test("are none for roles that nobody calls", () => {
    expect(ROLES.filter((role) => makeServices(role, one).length === 0)).toEqual(["worker", "agent"]);
  });
});

describe("the edge", () => {
  test("answers at the ports of browsers, and tells routers who visits", () => {
    const { type, externalTrafficPolicy, ports } = edge({});
    expect([type, externalTrafficPolicy]).toEqual(["LoadBalancer", "Local"]);
    expect(ports.map(({ port, targetPort, nodePort }) => [port, targetPort, nodePort])).toEqual([
      [80, "http", undefined],
      [443, "https", undefined],
    ]);
  });

  // An API server refuses both on a Service that is only inside.
  test("has neither ports of nodes nor a traffic policy inside the cluster only", () => {
    const inside = edge({ "router.service": "ClusterIP", "router.httpNodePort": 30080 });
    expect(inside).not.toHaveProperty("externalTrafficPolicy");
    for (const port of inside.ports) expect(port).not.toHaveProperty("nodePort");
  });

  test("has the ports of nodes that were chosen, and leaves the others to the cluster", () => {
    const { ports } = edge({ "router.service": "NodePort", "router.httpsNodePort": 30443 });
    expect(ports.map(({ nodePort }) => nodePort)).toEqual([undefined, 30443]);
  });

  test("carries the balancer's annotations, which no other service does", () => {
    const annotations = { "example/balancer": "internal" };
    const one = installation({ "router.annotations": annotations });
    const marked = ROLES.flatMap((role) => makeServices(role, one)).filter(
      ({ metadata }) => metadata.annotations,
    );
    expect(marked.map(({ metadata }) => [metadata.name, metadata.annotations])).toEqual([
      [EDGE_SERVICE, annotations],
    ]);
  });
});

describe("the registry", () => {
  test("is fetched from at the same port of every node that nodes are told", () => {
    const one = installation({ "registry.nodePort": 31000 });
    const { type, ports, publishNotReadyAddresses } = named("registry", IMAGES_SERVICE, one);
    expect([type, publishNotReadyAddresses]).toEqual(["NodePort", true]);
    expect(ports).toEqual([
      { name: "images", port: 6450, targetPort: "images", protocol: "TCP", nodePort: 31000 },
    ]);
  });

  // Of several pods one that is not ready must not be called: another one answers.
  test("is called although it is not ready only where it is one pod with a volume", () => {
    expect(named("registry", "conifer-registry", installation()).publishNotReadyAddresses).toBe(true);
    expect(named("registry", "conifer-registry", installation(LARGE))).not.toHaveProperty(
      "publishNotReadyAddresses",
    );
  });
});

test("roles call each other at pods' own addresses", () => {
  for (const role of ROLES.filter((one) => !["api", "worker", "agent"].includes(one))) {
    const { type, clusterIP } = named(role, `conifer-${role}`, installation());
    expect([role, type, clusterIP]).toEqual([role, "ClusterIP", "None"]);
  }
});

describe("a Gateway", () => {
  test("is led to nowhere unless it is named", () => {
    expect(makeGatewayRoutes(installation())).toEqual([]);
  });

  test("leads web traffic and TLS to ports that the edge has", () => {
    const overrides = { "router.gateway": "edge/public" };
    const routes = makeGatewayRoutes(installation(overrides));
    const said = routes.map(({ kind, metadata, spec }) => [kind, metadata.namespace, spec]);
    const parent = { namespace: "edge", name: "public" };
    expect(said).toEqual(
      [
        ["HTTPRoute", "http", 80],
        ["TCPRoute", "https", 443],
      ].map(([kind, sectionName, port]) => [
        kind,
        "conifer-system",
        {
          parentRefs: [{ ...parent, sectionName }],
          rules: [{ backendRefs: [{ name: EDGE_SERVICE, port }] }],
        },
      ]),
    );
    expect(edge(overrides).ports.map(({ port }) => port)).toEqual([80, 443]);
  });
});
