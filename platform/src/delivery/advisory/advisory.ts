import { createHash } from "node:crypto";
import { nameIn } from "../sbom/index.ts";

/** One known weakness, as far as it is looked at (OSV schema 1.7). */
export interface Advisory {
  readonly id: string;
  /** Of the document: another one says something else. */
  readonly hash: string;
  readonly modified: Date | null;
  /** It was taken back: it touches nothing. */
  readonly withdrawn: boolean;
  readonly summary: string;
  readonly aliases: readonly string[];
  readonly packages: readonly AffectedPackage[];
}

/** Which versions of a package are touched. */
export interface AffectedPackage {
  /** The type of the package's URLs. */
  readonly type: string;
  readonly name: string;
  /** What stands behind the colon of the ecosystem: a distribution's release, `12`. */
  readonly release: string | undefined;
  readonly versions: readonly string[];
  readonly ranges: readonly AffectedRange[];
}

export interface AffectedRange {
  readonly type: "SEMVER" | "ECOSYSTEM";
  readonly events: readonly RangeEvent[];
}

export interface RangeEvent {
  readonly kind: "introduced" | "fixed" | "last_affected" | "limit";
  readonly version: string;
}

/** The ecosystems of OSV that are matched, with the types of package URLs. */
const TYPES: Readonly<Record<string, string>> = {
  npm: "npm",
  PyPI: "pypi",
  Go: "golang",
  Maven: "maven",
  RubyGems: "gem",
  Packagist: "composer",
  Debian: "deb",
};

const KINDS = ["introduced", "fixed", "last_affected", "limit"] as const;
/** Far above what any advisory has; a document with more is no advisory. */
const MOST = { packages: 1_000, ranges: 200, events: 2_000, versions: 20_000 };

/**
 * Reads an OSV document. Packages of other ecosystems are left out, and so are ranges of commits. Throws with what is wrong.
 */
export function parseAdvisory(text: string): Advisory {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error("it is not JSON");
  }
  const document = fields(value);
  const { id, modified, withdrawn, summary, details } = document;
  if (typeof id !== "string" || !/^[\x21-\x7e]{1,200}$/.test(id)) throw new Error("it has no id");
  const at = typeof modified === "string" ? new Date(modified) : undefined;
  const told = [summary, details].find((one) => typeof one === "string" && one !== "");
  return {
    id,
    hash: createHash("sha256").update(text).digest("hex"),
    modified: at && !Number.isNaN(at.getTime()) ? at : null,
    withdrawn: typeof withdrawn === "string" && withdrawn !== "",
    summary: typeof told === "string" ? told.slice(0, 500).replaceAll("\0", "") : "",
    aliases: texts(document.aliases, 100),
    packages: list(document.affected, MOST.packages).flatMap(packageOf),
  };
}

function packageOf(affected: Fields): readonly AffectedPackage[] {
  const { name, ecosystem } = fields(affected.package);
  if (typeof name !== "string" || typeof ecosystem !== "string" || name.length > 512) return [];
  const [family = "", release] = ecosystem.split(":", 2);
  const type = Object.hasOwn(TYPES, family) ? TYPES[family] : undefined;
  if (type === undefined) return [];
  return [
    {
      ...{ type, name: nameIn(type, name), release },
      versions: texts(affected.versions, MOST.versions),
      ranges: list(affected.ranges, MOST.ranges).flatMap(rangeOf),
    },
  ];
}

function rangeOf({ type, events }: Fields): readonly AffectedRange[] {
  if (type !== "SEMVER" && type !== "ECOSYSTEM") return [];
  const all = list(events, MOST.events).flatMap((event) =>
    KINDS.flatMap((kind) => {
      const version = event[kind];
      return typeof version === "string" ? [{ kind, version: version.slice(0, 256) }] : [];
    }),
  );
  return [{ type, events: all }];
}

type Fields = Readonly<Record<string, unknown>>;

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function list(value: unknown, most: number): readonly Fields[] {
  return Array.isArray(value) ? value.slice(0, most).map(fields) : [];
}

function texts(value: unknown, most: number): readonly string[] {
  const all: readonly unknown[] = Array.isArray(value) ? value.slice(0, most) : [];
  return all.filter((one) => typeof one === "string").map((one) => one.slice(0, 256));
}
