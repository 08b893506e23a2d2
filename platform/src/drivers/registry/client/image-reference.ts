import { isDigest } from "../../../delivery/image/index.ts";

/** An image in a registry, as people write it: `<host>[:<port>]/<repository>[:<tag>][@<digest>]`. */
export interface ImageReference {
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

const FORM =
  /^(?<registry>(?:[a-zA-Z0-9.-]+|\[[0-9a-fA-F:]+\])(?::\d{1,5})?)\/(?<repository>[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)(?::(?<tag>\w[\w.-]{0,127}))?(?:@(?<digest>.+))?$/;
const LONGEST = 255;

/**
 * Reads a reference. The registry must be named: which one is meant otherwise differs from tool to tool.
 * @throws Error that says what form a reference has
 */
export function parseImageReference(text: string): ImageReference {
  const { registry = "", repository = "", tag, digest } = FORM.exec(text)?.groups ?? {};
  const isHost = /[.:]|^localhost$/.test(registry);
  if (!isHost || repository.length > LONGEST || (digest !== undefined && !isDigest(digest)))
    throw new Error(
      `"${text}" is not a full image reference, such as registry.example.com/team/app:v1. It names a registry, a ` +
        "repository in lower case, and a tag or sha256 digest.",
    );
  return {
    registry,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** Where a registry's API answers. Docker's own has another name there than in references. */
export function registryUrl(registry: string, plainHttp = false): string {
  const host = registry === "docker.io" ? "registry-1.docker.io" : registry;
  return `${plainHttp ? "http" : "https"}://${host}`;
}
