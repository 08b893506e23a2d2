/** A repository of the registry: `<space>/<name>`, where the name is an app's id. */
export interface Repository {
  readonly space: string;
  readonly name: string;
}

/**
 * The space of what the platform itself needs, such as builder and run images: whoever holds a valid credential may
 * read it. No user's space may have this name.
 */
export const PLATFORM_SPACE = "conifer";

/** The space of apps that are in none. */
export const COMMON_SPACE = "common";

/** What people and their tools may be given for one repository: each role may what the one before it may, and more. */
export const ROLES = ["reader", "writer", "manager"] as const;
export type RegistryRole = (typeof ROLES)[number];

/**
 * Who calls. `space` reads all repositories of its space; `build` reads and writes one repository; `member` does with one
 * repository what its role allows.
 */
export type RegistryPrincipal =
  | { readonly kind: "space"; readonly space: string; readonly expires: Date }
  | { readonly kind: "build"; readonly repository: Repository; readonly expires: Date }
  | {
      readonly kind: "member";
      readonly role: RegistryRole;
      readonly repository: Repository;
      readonly expires: Date;
    };

export type RegistryAction = "pull" | "push" | "delete";

/** Builds run what others wrote: they may add to an app's images, and delete none that a rollback may want. */
const MAY: Readonly<Record<RegistryRole | "build", readonly RegistryAction[]>> = {
  reader: ["pull"],
  writer: ["pull", "push"],
  build: ["pull", "push"],
  manager: ["pull", "push", "delete"],
};

/** One part of a repository's name (distribution-spec 1.1, "Pulling manifests"). */
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const LONGEST_COMPONENT = 128;
const DIGEST_FORM = /^([a-z0-9]+(?:[+._-][a-z0-9]+)*):([a-zA-Z0-9=_-]{1,256})$/;
const REGISTERED = new Map([
  ["sha256", 64],
  ["sha512", 128],
]);
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

/** The repository that a text names; undefined when the text is no name of ours. */
export function parseRepository(text: string): Repository | undefined {
  const [space = "", name = "", ...more] = text.split("/", 3);
  return more.length === 0 && isComponent(space) && isComponent(name) ? { space, name } : undefined;
}

export function isComponent(text: string): boolean {
  return text.length <= LONGEST_COMPONENT && COMPONENT.test(text);
}

export function isTag(text: string): boolean {
  return TAG.test(text);
}

/**
 * Whether a text has the form of a digest (image-spec 1.1, "Digests"), be it of an algorithm that we store by or of another.
 * Of the two registered algorithms the length is checked too.
 */
export function isDigestForm(text: string): boolean {
  const [, algorithm, encoded = ""] = DIGEST_FORM.exec(text) ?? [];
  if (algorithm === undefined) return false;
  const length = REGISTERED.get(algorithm);
  return length === undefined || (encoded.length === length && /^[0-9a-f]+$/.test(encoded));
}

/** Whether a manifest can be about it: it need not be here, so that sha512 is as good as sha256. */
export function isSubject(text: unknown): text is string {
  return typeof text === "string" && /^sha(?:256|512):/.test(text) && isDigestForm(text);
}

/** A digest or a tag: what a manifest can be asked for by. */
export function isReference(text: string): boolean {
  return isDigestForm(text) || isTag(text);
}

export function repositoryName({ space, name }: Repository): string {
  return `${space}/${name}`;
}

/** Whether somebody may do something with a repository. Nothing else decides about access. */
export function allows(
  principal: RegistryPrincipal,
  action: RegistryAction,
  repository: Repository,
): boolean {
  if (action === "pull" && repository.space === PLATFORM_SPACE) return true;
  switch (principal.kind) {
    case "space":
      return action === "pull" && principal.space === repository.space;
    case "build":
    case "member": {
      const role = principal.kind === "member" ? principal.role : "build";
      const isIts = repositoryName(principal.repository) === repositoryName(repository);
      return isIts && MAY[role].includes(action);
    }
  }
}

/** The principal in a log line. */
export function principalName(principal: RegistryPrincipal): string {
  if (principal.kind === "space") return `space ${principal.space}`;
  const role = principal.kind === "member" ? principal.role : "build";
  return `${role} of ${repositoryName(principal.repository)}`;
}
