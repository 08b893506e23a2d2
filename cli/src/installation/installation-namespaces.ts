import { type Installation, type Manifest, manifest, priorityClassName } from "./installation-names.ts";

const LEVEL = "pod-security.kubernetes.io";

type Level = "privileged" | "restricted";

/** Dynos' and builds' namespaces carry the engine's own label beside ours, since workers look after them. */
export function makeNamespaces(installation: Installation): Manifest[] {
  const { namespace, values } = installation;
  const engine = { "app.kubernetes.io/managed-by": "conifer" };
  return [
    makeNamespace(installation, namespace, "restricted"),
    makeNamespace(installation, values.appsNamespace, "restricted", engine),
    makeNamespace(installation, values.buildsNamespace, "restricted", engine),
    // Their pods make user namespaces and mounts, which the level below refuses; workers alone may make pods there.
    ...(values["dockerfiles.enabled"]
      ? [makeNamespace(installation, values["dockerfiles.namespace"], "privileged", engine)]
      : []),
    // The agent reads the logs of its node's containers, which only a privileged namespace lets it mount.
    ...(values["agent.enabled"] ? [makeNamespace(installation, values.agentsNamespace, "privileged")] : []),
  ];
}

function makeNamespace(
  installation: Installation,
  name: string,
  level: Level,
  more: Readonly<Record<string, string>> = {},
): Manifest {
  const labels = {
    ...more,
    [`${LEVEL}/enforce`]: level,
    [`${LEVEL}/warn`]: level,
    [`${LEVEL}/audit`]: level,
  };
  return manifest(installation, { apiVersion: "v1", kind: "Namespace", name, namespace: null, labels });
}

/**
 * Roles stand above dynos, so that a full cluster starts a role that was lost first, and below what the cluster itself
 * needs; builds give way to dynos. Workers name the class of builds and may not make it.
 */
export function makePriorityClasses(installation: Installation): Manifest[] {
  const make = (name: string, body: Readonly<Record<string, unknown>>) =>
    manifest(
      installation,
      { apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass", name, namespace: null },
      { globalDefault: false, ...body },
    );
  return [
    make(priorityClassName(installation), {
      value: 1_000_000,
      preemptionPolicy: "PreemptLowerPriority",
      description: "The roles of a Conifer installation.",
    }),
    make("conifer-builds", {
      value: -100,
      preemptionPolicy: "Never",
      description: "Builds of Conifer: they give way to dynos and take nobody's place.",
    }),
  ];
}
