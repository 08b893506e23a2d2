import { stringify } from "smol-toml";
import { type ImageReference, parseShortReference, referenceText } from "./image-reference.ts";
import { loginFor } from "./pull-credentials.ts";
import type { RegistryAccess } from "./registry-places.ts";

/** An operator's registries as other tools of containers want to be told them. */
type Told = Pick<RegistryAccess, "registries" | "credentials">;

/** Images that need the operator's credentials, and what a tool needs to pull them. */
export interface PrivateImages {
  /** As a tool is to be told them, `<registry>/<repository>:<tag>`. */
  readonly names: readonly string[];
  /** Text of an auth.json (containers-auth.json(5)) with the logins of these repositories and no others. */
  readonly logins: string;
}

/**
 * Which of these images the operator's credentials are for; undefined when none is. Names that are no images of registries
 * are left out.
 */
export function privateImages(names: readonly string[], access: Told): PrivateImages | undefined {
  const auths: Record<string, { readonly auth: string }> = {};
  const found = names.filter((name) => {
    const reference = referenceOf(name);
    if (!reference) return false;
    const logins = loginsOf(reference, access);
    Object.assign(auths, logins);
    return Object.keys(logins).length > 0;
  });
  return found.length === 0 ? undefined : { names: found.map(fullName), logins: JSON.stringify({ auths }) };
}

/** The text of a registries.conf (containers-registries.conf(5)) with the operator's mirrors and registries without TLS. */
export function registriesConf({ registries }: Pick<Told, "registries">): string {
  const registry = [...new Set(registries.map(({ host }) => host))].map((host) => {
    const listed = registries.flatMap((one) => (one.host === host && one.url ? [new URL(one.url)] : []));
    const isPlain = (url: URL) => url.protocol === "http:";
    const mirror = listed
      .filter((url) => url.host !== host)
      .map((url) => ({ location: url.host, insecure: isPlain(url) }));
    const isInsecure = listed.some((url) => url.host === host && isPlain(url));
    return {
      location: host,
      ...(isInsecure ? { insecure: true } : {}),
      ...(mirror.length > 0 ? { mirror } : {}),
    };
  });
  return registry.length === 0 ? "" : stringify({ registry });
}

function referenceOf(name: string): ImageReference | undefined {
  try {
    return parseShortReference(name);
  } catch {
    return undefined;
  }
}

/** Of the registry itself and of its mirrors, each for the one repository. */
function loginsOf({ registry, repository }: ImageReference, { registries, credentials }: Told) {
  const mirrors = registries.flatMap(({ host, url }) =>
    host === registry && url ? [new URL(url).host] : [],
  );
  const entries = [registry, ...mirrors].flatMap((host) => {
    const login = loginFor(credentials, host, repository);
    const auth = login && Buffer.from(`${login.username}:${login.password}`).toString("base64");
    return auth === undefined ? [] : [[`${host}/${repository}`, { auth }] as const];
  });
  return Object.fromEntries(entries);
}

/** With its registry, so that no tool looks elsewhere; tools take a tag or a digest, and not both. */
function fullName(name: string): string {
  const { registry, repository, tag, digest } = parseShortReference(name);
  return referenceText({
    registry,
    repository,
    ...(digest === undefined ? { tag: tag ?? "latest" } : { digest }),
  });
}
