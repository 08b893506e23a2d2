import { kindOf } from "../cluster/api-kinds.ts";
import type { Installation, Manifest } from "../installation/installation-names.ts";
import { placeName, RIGHTS } from "../installation/role-accounts.ts";

/** One thing that the cluster can be asked about: may I do this? The fields are a SubjectAccessReview's own. */
export interface NeededRight {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  /** Missing for kinds that live in no namespace. */
  readonly namespace?: string;
}

const MAKING = ["get", "create", "patch", "delete"];

/**
 * All that whoever installs has to be allowed: to make and to remove each kind where it goes, to look after it, and all
 * that the accounts are going to be allowed, since nobody may give a right that he has not.
 */
export function neededRights(objects: readonly Manifest[], installation: Installation): NeededRight[] {
  const { namespace } = installation;
  const kinds = objects.flatMap(({ kind, metadata }) => {
    const { apiVersion, plural } = kindOf(kind);
    const place = metadata.namespace === undefined ? {} : { namespace: metadata.namespace };
    return MAKING.map((verb) => ({ verb, group: groupOf(apiVersion), resource: plural, ...place }));
  });
  const looking: NeededRight[] = [
    ...["get", "create", "update", "delete"].map((verb) => ({
      ...{ verb, group: "coordination.k8s.io", resource: "leases", namespace },
    })),
    ...["get", "list"].map((verb) => ({ verb, group: "", resource: "pods", namespace })),
    { verb: "get", group: "", resource: "pods", subresource: "log", namespace },
    { verb: "create", group: "", resource: "pods", subresource: "portforward", namespace },
  ];
  const given = RIGHTS.filter(({ role }) => role !== "agent").flatMap(({ place, group, resources, verbs }) =>
    resources.flatMap((one) => {
      const [resource = "", subresource] = one.split("/");
      return verbs.map((verb) => ({
        ...{ verb, group, resource, namespace: placeName(place, installation) },
        ...(subresource && { subresource }),
      }));
    }),
  );
  const all = new Map([...kinds, ...looking, ...given].map((right) => [sayRight(right), right]));
  return [...all.values()];
}

const groupOf = (apiVersion: string) => (apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "");

/** `create pods/attach in conifer-apps` */
export function sayRight({ verb, group, resource, subresource, namespace }: NeededRight): string {
  const name = `${resource}${subresource ? `/${subresource}` : ""}${group ? `.${group}` : ""}`;
  return `${verb} ${name}${namespace === undefined ? "" : ` in ${namespace}`}`;
}
