import { type Installation, type Manifest, manifest, namespaceOf, objectName } from "./installation-names.ts";
import type { Role } from "./role-table.ts";

const READ = ["get", "list", "watch"] as const;
const WRITE = ["create", "update", "patch", "delete"] as const;
type Verb = (typeof READ | typeof WRITE)[number];

/** What an account may do with some kinds in one namespace. */
export interface Right {
  readonly role: Role;
  readonly place: "system" | "apps" | "builds" | "dockerfiles";
  readonly group: string;
  readonly resources: readonly string[];
  readonly verbs: readonly Verb[];
  /** Only the objects of these names; `{place}` stands for the namespace's own. */
  readonly names?: readonly string[];
}

const STREAMS = ["pods/attach", "pods/exec"];

const BUILDS: readonly Row[] = [
  ["", ["secrets", "configmaps", "pods"], [...READ, ...WRITE]],
  ["", ["pods/log"], ["get"]],
  ["networking.k8s.io", ["networkpolicies"], ["get", "create", "patch"]],
  ["", ["resourcequotas"], ["get", "create", "patch"]],
  ["", ["namespaces"], ["get", "patch"], ["{place}"]],
];

/**
 * Everything that accounts of an installation may do; there is nothing else, and nothing for the whole cluster. A
 * namespace itself is an object that a role within it may be allowed to read.
 */
export const RIGHTS: readonly Right[] = [
  ...right("worker", "apps", [
    ["", ["secrets", "configmaps", "pods"], [...READ, ...WRITE]],
    ["apps", ["replicasets"], [...READ, ...WRITE]],
    ["", ["pods/log"], ["get"]],
    ["", STREAMS, ["get", "create"]],
    ["networking.k8s.io", ["networkpolicies"], [...READ, ...WRITE]],
    ["", ["resourcequotas", "limitranges"], [...READ, ...WRITE]],
    ["", ["serviceaccounts"], [...READ, "create", "update", "patch"]],
    ["", ["namespaces"], ["get", "patch"], ["{place}"]],
  ]),
  ...right("worker", "builds", BUILDS),
  ...right("worker", "dockerfiles", BUILDS),
  ...right("worker", "system", [["coordination.k8s.io", ["leases"], ["get", "create", "update"]]]),
  ...right("api", "apps", [
    ["", ["pods"], [...READ, "create", "patch", "delete"]],
    ["", ["secrets"], ["get", "create"]],
    ["", STREAMS, ["get", "create"]],
    ["", ["configmaps"], READ],
    ["apps", ["replicasets"], READ],
  ]),
  ...right("router", "apps", [["", ["configmaps", "pods"], READ]]),
  ...right("agent", "apps", [["", ["pods"], READ]]),
];

type Row = readonly [
  group: string,
  resources: readonly string[],
  verbs: readonly Verb[],
  names?: readonly string[],
];

function right(role: Role, place: Right["place"], rows: readonly Row[]): Right[] {
  return rows.map(([group, resources, verbs, names]) => ({
    ...{ role, place, group, resources, verbs },
    ...(names && { names }),
  }));
}

export function placeName(place: Right["place"], { namespace, values }: Installation): string {
  const names = {
    ...{ system: namespace, apps: values.appsNamespace, builds: values.buildsNamespace },
    dockerfiles: values["dockerfiles.namespace"],
  };
  return names[place];
}

const RBAC = "rbac.authorization.k8s.io";

/** A role's account, and for each namespace that it works in what it may do there. */
export function makeAccount(role: Role, installation: Installation): Manifest[] {
  const name = objectName(role);
  const home = namespaceOf(role, installation);
  const account = manifest(
    installation,
    { apiVersion: "v1", kind: "ServiceAccount", name, namespace: home, role },
    { automountServiceAccountToken: false },
  );
  const byPlace = Map.groupBy(
    RIGHTS.filter(
      (one) =>
        one.role === role && (one.place !== "dockerfiles" || installation.values["dockerfiles.enabled"]),
    ),
    ({ place }) => place,
  );
  const grants = [...byPlace].flatMap(([place, rights]) => {
    const namespace = placeName(place, installation);
    const head = { apiVersion: `${RBAC}/v1`, name, namespace, role };
    return [
      manifest(
        installation,
        { ...head, kind: "Role" },
        { rules: rights.map((one) => ruleOf(one, namespace)) },
      ),
      manifest(
        installation,
        { ...head, kind: "RoleBinding" },
        {
          roleRef: { apiGroup: RBAC, kind: "Role", name },
          subjects: [{ kind: "ServiceAccount", name, namespace: home }],
        },
      ),
    ];
  });
  return [account, ...grants];
}

function ruleOf({ group, resources, verbs, names }: Right, namespace: string) {
  return {
    apiGroups: [group],
    resources,
    verbs,
    ...(names && { resourceNames: names.map((name) => (name === "{place}" ? namespace : name)) }),
  };
}
