import { type Installation, isPart, type Manifest } from "./installation-names.ts";
import { makeNamespaces, makePriorityClasses } from "./installation-namespaces.ts";
import { makeSettings, makeTrust } from "./installation-settings.ts";
import { makeAccount } from "./role-accounts.ts";
import { makeFence, makePolicy } from "./role-flows.ts";
import { makeGatewayRoutes, makeServices } from "./role-services.ts";
import { ROLE, ROLES, type Role } from "./role-table.ts";
import { makeWorkload } from "./role-workloads.ts";

/** Objects that are applied together; the next stage begins when this one's pods answer. */
export interface Stage {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly objects: readonly Manifest[];
}

const ORDER: readonly (readonly [name: string, roles: readonly Role[]])[] = [
  ["database", ["database"]],
  ["stores", ["files", "registry", "logs"]],
  ["control", ["api", "worker"]],
  ["edge", ["router", "agent"]],
];

/** All objects of an installation but those that hold secrets, in the order in which they are applied. */
export function makeInstallation(installation: Installation): Stage[] {
  const { namespace, values } = installation;
  const roles = ROLES.filter((role) => isPart(role, installation));
  const fenced = [namespace, ...(isPart("agent", installation) ? [values.agentsNamespace] : [])];
  const ground: Stage[] = [
    {
      name: "namespaces",
      roles: [],
      objects: [...makeNamespaces(installation), ...makePriorityClasses(installation)],
    },
    {
      name: "ground",
      roles: [],
      objects: [
        ...fenced.map((one) => makeSettings(installation, one)),
        ...makeTrust(installation),
        ...roles.filter((role) => ROLE[role].account).flatMap((role) => makeAccount(role, installation)),
        ...fenced.flatMap((one) => makeFence(one, installation)),
        ...roles.map((role) => makePolicy(role, installation)),
        ...roles.flatMap((role) => makeServices(role, installation)),
        ...makeGatewayRoutes(installation),
      ],
    },
  ];
  const running = ORDER.map(([name, all]): Stage => {
    const part = all.filter((role) => roles.includes(role));
    return { name, roles: part, objects: part.flatMap((role) => makeWorkload(role, installation)) };
  });
  return [...ground, ...running.filter(({ roles: part }) => part.length > 0)];
}
