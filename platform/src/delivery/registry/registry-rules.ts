import { isDigest } from "../image/index.ts";

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

/** Who calls. `space` reads all repositories of its space; `build` reads and writes one repository. */
export type RegistryPrincipal =
  | { readonly kind: "space"; readonly space: string; readonly expires: Date }
  | { readonly kind: "build"; readonly repository: Repository; readonly expires: Date };

export type RegistryAction = "pull" | "push";

/** One part of a repository's name (distribution-spec 1.1, "Pulling manifests"). */
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const LONGEST_COMPONENT = 128;
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

/** A digest or a tag: what a manifest can be asked for by. */
export function isReference(text: string): boolean {
  return isDigest(text) || isTag(text);
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
      return repositoryName(principal.repository) === repositoryName(repository);
  }
}

/** The principal in a log line. */
export function principalName(principal: RegistryPrincipal): string {
  return principal.kind === "space"
    ? `space ${principal.space}`
    : `build of ${repositoryName(principal.repository)}`;
}
