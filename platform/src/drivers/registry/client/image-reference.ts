import { join } from "node:path";
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

/**
 * Reads the name of an image as builders and project.toml have it: without a registry it is one of docker.io, there of
 * `library` when it has no namespace either, and without tag and digest the tag is `latest`.
 * @throws Error that says what form a reference has
 */
export function parseShortReference(text: string): ImageReference {
  const first = text.split("/", 1)[0] ?? "";
  const isFull = text.includes("/") && /[.:]|^localhost$/.test(first);
  const reference = parseImageReference(
    isFull ? text : `docker.io/${text.includes("/") ? text : `library/${text}`}`,
  );
  return reference.tag === undefined && reference.digest === undefined
    ? { ...reference, tag: "latest" }
    : reference;
}

/** A reference as people write it. */
export function referenceText({ registry, repository, tag, digest }: ImageReference): string {
  return `${registry}/${repository}${tag ? `:${tag}` : ""}${digest ? `@${digest}` : ""}`;
}

/** Where a registry's API answers. Docker's own has another name there than in references. */
export function registryUrl(registry: string, plainHttp = false): string {
  const host = registry === "docker.io" ? "registry-1.docker.io" : registry;
  return `${plainHttp ? "http" : "https"}://${host}`;
}

/** Where the layout of an image stands in the layout folder of a build (Platform API 0.15, "Map an image reference to a path"). */
export function layoutPathOf(image: string): string {
  const { registry, repository, tag, digest } = parseShortReference(image);
  const host = registry === "docker.io" ? "index.docker.io" : registry;
  return join(host, repository, ...(digest?.split(":") ?? [tag ?? "latest"]));
}
