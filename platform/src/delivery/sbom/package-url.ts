/** The parts of a package URL (purl-spec, "A purl is a URL composed of seven components"). */
export interface PackageUrl {
  readonly type: string;
  /** With its namespace, as the ecosystem writes it. */
  readonly name: string;
  readonly version: string;
  readonly qualifiers: Readonly<Record<string, string>>;
}

/** What stands between namespace and name as an ecosystem writes them. */
const SEPARATOR: Readonly<Record<string, string>> = { maven: ":" };

/** Ecosystems whose names have no namespace, so that one in a package URL is that of a distributor. */
const DISTRIBUTED = new Set(["deb", "rpm", "apk", "alpm"]);

/** The canonical form: qualifiers sorted, all but unreserved characters and colons encoded. */
export function makePackageUrl({ type, name, version, qualifiers }: PackageUrl): string {
  const distributor = DISTRIBUTED.has(type) ? [(qualifiers.distro ?? "debian").split("-")[0] ?? ""] : [];
  const parts = [
    ...distributor,
    ...(type === "maven" ? name.replace(":", "/") : nameIn(type, name)).split("/"),
  ];
  const path = parts
    .filter((part) => part !== "")
    .map(encode)
    .join("/");
  const asked = Object.entries(qualifiers)
    .filter(([, value]) => value !== "")
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${encode(value)}`);
  const at = version === "" ? "" : `@${encode(version)}`;
  return `pkg:${type}/${path}${at}${asked.length > 0 ? `?${asked.join("&")}` : ""}`;
}

/** Undefined for what is no package URL. A distributor's namespace is told by the qualifier `distro`, if it has one. */
export function parsePackageUrl(text: string): PackageUrl | undefined {
  const match = /^pkg:\/{0,2}([A-Za-z][A-Za-z0-9.+-]*)\/([^?#]+)(?:\?([^#]*))?(?:#.*)?$/.exec(text);
  if (!match || text.length > LONGEST) return undefined;
  const [, given = "", rest = "", query = ""] = match;
  const type = given.toLowerCase();
  const at = rest.lastIndexOf("@");
  const cut = at > rest.lastIndexOf("/") ? at : rest.length;
  try {
    const parts = rest.slice(0, cut).split("/").filter(Boolean).map(decodeURIComponent);
    const named = DISTRIBUTED.has(type) ? parts.slice(-1) : parts;
    const name = nameIn(
      type,
      named
        .slice(0, -1)
        .concat(named.at(-1) ?? "")
        .join(SEPARATOR[type] ?? "/"),
    );
    if (name === "") return undefined;
    const version = decodeURIComponent(rest.slice(cut + 1));
    return { type, name, version, qualifiers: Object.fromEntries(new URLSearchParams(query)) };
  } catch {
    return undefined;
  }
}

const LONGEST = 4_096;

/** Names that mean the same are written alike (purl-spec, "PURL-TYPES"; PEP 503 for Python). */
export function nameIn(type: string, name: string): string {
  if (type === "pypi") return name.toLowerCase().replaceAll(/[-_.]+/g, "-");
  return type === "composer" || type === "deb" ? name.toLowerCase() : name;
}

function encode(text: string): string {
  return encodeURIComponent(text)
    .replaceAll("%3A", ":")
    .replaceAll(/[!'()*]/g, hex);
}

const hex = (char: string) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
