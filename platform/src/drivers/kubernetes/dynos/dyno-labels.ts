import type { DynoSpec } from "../../../runtime/dyno/index.ts";

/** Every object of ours carries this; what does not is foreign and left alone. */
export const MANAGED_BY = { "app.kubernetes.io/managed-by": "conifer" } as const;

export const LABEL = {
  /** The app's id. */
  app: "conifer.dev/app",
  /** The dyno's id. */
  dyno: "conifer.dev/dyno",
  /** `formation` or `one-off`. */
  part: "conifer.dev/part",
  /** For people and for `kubectl get -L`: the exact texts are annotations of the same names. */
  name: "conifer.dev/name",
  type: "conifer.dev/type",
  release: "conifer.dev/release",
} as const;

export const ANNOTATION = {
  name: "conifer.dev/name",
  type: "conifer.dev/type",
  appName: "conifer.dev/app-name",
  releaseId: "conifer.dev/release-id",
  /** The dyno's spec without its environment, JSON; on its Secret. */
  spec: "conifer.dev/spec",
  /** The number of the claim under which the object was written last. */
  claim: "conifer.dev/claim",
  /** On what a space's namespace holds beside dynos: which Conifer made it, as a number that grows. */
  version: "conifer.dev/version",
  /** On the pod of a one-off dyno with a client: `awaited`, then `attached`. */
  client: "conifer.dev/client",
  /** The size of its terminal, `<columns>x<rows>`. */
  terminal: "conifer.dev/terminal",
} as const;

/** Whom dynos run as, to the cluster: an account that may do nothing, and whose token no pod gets. */
export const DYNO_ACCOUNT = "conifer-dyno";

export type DynoPart = "formation" | "one-off";

/** Whether the object is Conifer's. */
export function isOurs({
  metadata,
}: {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>> };
}): boolean {
  return Object.entries(MANAGED_BY).every(([name, value]) => metadata.labels?.[name] === value);
}

/** Selects all objects of the engine in a namespace; routes are there as well. */
export const OURS = "app.kubernetes.io/managed-by=conifer,!conifer.dev/route";

export function recordName(appId: string): string {
  return `app-${appId}`;
}

/** The name of a dyno's Secret and of the object that runs it. */
export function dynoObjectName(dynoId: string): string {
  return `dyno-${dynoId}`;
}

const LONGEST = 63;

/** A text as a label may hold it: what Kubernetes refuses in labels becomes a dash. */
export function labelValue(text: string): string {
  return text
    .slice(0, LONGEST)
    .replace(/[^A-Za-z0-9._-]/g, "-")
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "");
}

/** Names what may change while the dyno runs: its name and its release. */
export type DynoTitle = Pick<DynoSpec, "name" | "releaseId" | "releaseVersion">;

export function titleLabels(title: DynoTitle): Record<string, string> {
  return { [LABEL.name]: labelValue(title.name), [LABEL.release]: `v${title.releaseVersion}` };
}

export function titleAnnotations(title: DynoTitle): Record<string, string> {
  return { [ANNOTATION.name]: title.name, [ANNOTATION.releaseId]: title.releaseId };
}

/** What identifies a dyno's objects and never changes. */
export function dynoLabels(spec: Pick<DynoSpec, "id" | "appId" | "type">, part: DynoPart) {
  return {
    ...MANAGED_BY,
    [LABEL.app]: spec.appId,
    [LABEL.dyno]: spec.id,
    [LABEL.part]: part,
    [LABEL.type]: labelValue(spec.type),
  };
}
