import {
  type Installation,
  type Manifest,
  manifest,
  objectName,
  roleSelector,
} from "./installation-names.ts";
import { shapeOf } from "./role-shape.ts";
import { PORT, type PortName, ROLE, type Role } from "./role-table.ts";

/** Where visitors of apps come in. */
export const EDGE_SERVICE = "conifer-edge";
/** Where nodes fetch images. */
export const IMAGES_SERVICE = "conifer-images";

/** By these names roles and nodes find a role. */
export function makeServices(role: Role, installation: Installation): Manifest[] {
  const { values } = installation;
  switch (role) {
    case "api":
      return [
        makeService("api", installation, {
          name: objectName("api"),
          type: values["api.service"],
          ports: [{ port: "api" }],
        }),
      ];
    case "router":
      return [makeInner("router", ["calls"], installation), makeEdge(installation)];
    case "registry":
      return [
        makeInner("registry", ["images", "calls"], installation),
        makeService("registry", installation, {
          name: IMAGES_SERVICE,
          type: "NodePort",
          // Also while the node that it is on is not heard of: dynos that start elsewhere need their images.
          publishNotReadyAddresses: true,
          ports: [{ port: "images", nodePort: values["registry.nodePort"] }],
        }),
      ];
    case "worker":
    case "agent":
      return [];
    default:
      return [makeInner(role, ROLE[role].ports, installation)];
  }
}

/** What balancers outside of the cluster lead to; by default they tell routers who visits. */
function makeEdge(installation: Installation): Manifest {
  const { values } = installation;
  const type = values["router.service"];
  return makeService("router", installation, {
    name: EDGE_SERVICE,
    type,
    annotations: values["router.annotations"],
    // Port 80 and 443 are what browsers say without being told.
    ports: [
      { port: "http", number: 80, nodePort: values["router.httpNodePort"] },
      { port: "https", number: 443, nodePort: values["router.httpsNodePort"] },
    ],
    ...(type !== "ClusterIP" && { externalTrafficPolicy: values["router.trafficPolicy"] }),
  });
}

/**
 * Its pods' own addresses under one name, for calls of roles to each other. A store is one pod: who calls it has nobody else to
 * turn to, so its address stays known while it starts again. Otherwise it is missed until it was probed, and until resolvers
 * forget that there was no such name.
 */
function makeInner(role: Role, ports: readonly PortName[], installation: Installation): Manifest {
  const shape = {
    name: objectName(role),
    type: "ClusterIP",
    clusterIP: "None",
    ...(shapeOf(role, installation).state === "volume" && { publishNotReadyAddresses: true }),
    ports: ports.map((port) => ({ port })),
  };
  return makeService(role, installation, shape);
}

interface ServiceShape {
  readonly name: string;
  readonly type: string;
  readonly clusterIP?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly externalTrafficPolicy?: string;
  readonly publishNotReadyAddresses?: boolean;
  readonly ports: readonly {
    readonly port: PortName;
    readonly number?: number;
    readonly nodePort?: number;
  }[];
}

function makeService(role: Role, installation: Installation, shape: ServiceShape): Manifest {
  const { name, annotations, ports, ...rest } = shape;
  const head = { apiVersion: "v1", kind: "Service", name, role, ...(annotations && { annotations }) };
  return manifest(installation, head, {
    spec: {
      ...rest,
      ipFamilyPolicy: "PreferDualStack",
      selector: roleSelector(role),
      ports: ports.map(({ port, number, nodePort }) => ({
        name: port,
        port: number ?? PORT[port],
        targetPort: port,
        protocol: "TCP",
        ...(nodePort && rest.type !== "ClusterIP" && { nodePort }),
      })),
    },
  });
}

/** Leads a Gateway's listeners to the routers: web traffic by http, the rest as it is, so that routers end TLS. */
export function makeGatewayRoutes(installation: Installation): Manifest[] {
  const gateway = installation.values["router.gateway"];
  if (!gateway) return [];
  const [namespace, name] = gateway.split("/");
  const route = (kind: string, version: string, section: string, port: number) =>
    manifest(
      installation,
      {
        apiVersion: `gateway.networking.k8s.io/${version}`,
        kind,
        name: `${EDGE_SERVICE}-${section}`,
        role: "router",
      },
      {
        spec: {
          parentRefs: [{ namespace, name, sectionName: section }],
          rules: [{ backendRefs: [{ name: EDGE_SERVICE, port }] }],
        },
      },
    );
  return [route("HTTPRoute", "v1", "http", 80), route("TCPRoute", "v1alpha2", "https", 443)];
}
