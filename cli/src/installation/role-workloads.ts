import {
  type Installation,
  installationLabels,
  type Manifest,
  manifest,
  namespaceOf,
  objectName,
  roleSelector,
} from "./installation-names.ts";
import { makeRolePod } from "./role-pods.ts";
import { shapeOf } from "./role-shape.ts";
import type { Role } from "./role-table.ts";

const PROGRESS_SECONDS = 600;

/** What keeps a role's pods running, and how many of them may be taken away at once on purpose. */
export function makeWorkload(role: Role, installation: Installation): Manifest[] {
  const kind = kindOf(role, installation);
  const common = { selector: { matchLabels: roleSelector(role) }, template: makeRolePod(role, installation) };
  const head = {
    ...{ apiVersion: "apps/v1", kind, name: objectName(role), role },
    namespace: namespaceOf(role, installation),
  };
  switch (kind) {
    case "StatefulSet":
      return [manifest(installation, head, { spec: { ...common, ...statefulParts(role, installation) } })];
    case "DaemonSet":
      return [
        manifest(installation, head, {
          spec: {
            ...common,
            updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
          },
        }),
      ];
    case "Deployment": {
      const replicas = replicasOf(role, installation);
      const spec = {
        ...common,
        replicas,
        // The next pod answers before the last one goes.
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
        progressDeadlineSeconds: PROGRESS_SECONDS,
        revisionHistoryLimit: 2,
      };
      return [
        manifest(installation, head, { spec }),
        ...(replicas > 1 ? [makeBudget(role, installation)] : []),
      ];
    }
  }
}

export function kindOf(role: Role, installation: Pick<Installation, "values">) {
  return role === "router" ? installation.values["router.kind"] : shapeOf(role, installation).kind;
}

export function replicasOf(role: Role, { values }: Pick<Installation, "values">): number {
  if (role === "registry") return values["registry.replicas"];
  return role === "api" || role === "worker" || role === "router" ? values[`${role}.replicas`] : 1;
}

function statefulParts(role: Role, installation: Installation) {
  const { values } = installation;
  const storage =
    role === "database" || role === "files" || role === "registry" || role === "logs"
      ? values[`${role}.storage`]
      : undefined;
  return {
    replicas: 1,
    serviceName: objectName(role),
    // One that never became ready is replaced by the next template; in order it would be waited for without end.
    podManagementPolicy: "Parallel",
    revisionHistoryLimit: 2,
    persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
    volumeClaimTemplates: [
      {
        metadata: {
          name: "home",
          labels: { ...installationLabels(installation), ...roleSelector(role) },
        },
        spec: {
          accessModes: ["ReadWriteOnce"],
          resources: { requests: { storage } },
          ...(values.storageClass && { storageClassName: values.storageClass }),
        },
      },
    ],
  };
}

/** A drain takes one at a time. A role with one pod has none: it would stop every drain. */
function makeBudget(role: Role, installation: Installation): Manifest {
  const head = { apiVersion: "policy/v1", kind: "PodDisruptionBudget", name: objectName(role), role };
  return manifest(installation, head, {
    spec: {
      maxUnavailable: 1,
      selector: { matchLabels: roleSelector(role) },
      unhealthyPodEvictionPolicy: "AlwaysAllow",
    },
  });
}
