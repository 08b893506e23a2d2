import type { KubeObject } from "@conifer/platform/kubernetes-client";
import type { Role } from "./role-table.ts";
import type { InstallationValues } from "./value-table.ts";

/** What every object of an installation is made from. */
export interface Installation {
  /** The system namespace, which also tells installations apart. */
  readonly namespace: string;
  /** Of Conifer, such as `0.1.0`. */
  readonly version: string;
  readonly values: InstallationValues;
}

/** Any object, in the API's own field names. */
export interface Manifest extends KubeObject {
  readonly [field: string]: unknown;
}

/** Selects all objects that `conifer install` made, and nothing that workers make. */
export const INSTALLATION_LABEL = "conifer.dev/installation";
export const ROLE_LABEL = "conifer.dev/role";

export function installationLabels({ namespace }: Pick<Installation, "namespace">) {
  return { "app.kubernetes.io/part-of": "conifer", [INSTALLATION_LABEL]: namespace };
}

/** By these a role's pods are found; they never change. */
export const roleSelector = (role: Role) => ({ [ROLE_LABEL]: role });

export const objectName = (role: Role) => `conifer-${role}`;

export const SETTINGS = "conifer-settings";
export const TRUST = "conifer-trust";
export const KEYS = "conifer-keys";
export const DATABASE_SECRET = "conifer-database";
export const ADMIN_SECRET = "conifer-admin";
/** What scrapers are let in with. It is a Secret of its own: who is given it to read is given nothing else. */
export const METRICS_SECRET = "conifer-metrics";
/** Holds what is installed, and what was before. */
export const RECORD = "conifer-installation";

/** Of no namespace, so it names the installation. */
export const priorityClassName = ({ namespace }: Pick<Installation, "namespace">) => `${namespace}-roles`;

export function namespaceOf(role: Role, { namespace, values }: Installation): string {
  return role === "agent" ? values.agentsNamespace : namespace;
}

/** The roles that are part of this installation. */
export function isPart(role: Role, { values }: Pick<Installation, "values">): boolean {
  if (role === "database") return values["database.url"] === undefined;
  return role !== "agent" || values["agent.enabled"];
}

/** Begins every object: where it is, what it is called, whose it is. */
export function manifest(
  installation: Installation,
  head: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly name: string;
    /** Default: the system namespace; null for kinds that live in none. */
    readonly namespace?: string | null;
    readonly role?: Role;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  },
  body: Readonly<Record<string, unknown>> = {},
): Manifest {
  const { apiVersion, kind, name, namespace = installation.namespace, role, annotations } = head;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace === null ? {} : { namespace }),
      labels: { ...installationLabels(installation), ...(role && roleSelector(role)), ...head.labels },
      ...(annotations && Object.keys(annotations).length > 0 && { annotations }),
    },
    ...body,
  };
}
