import { parse } from "smol-toml";

/** A package that an app asks for. */
export interface PackageWish {
  readonly name: string;
  /** Of Debian's; the newest unless it is given. */
  readonly version?: string;
  /** Without what it needs. */
  readonly skipDependencies: boolean;
  /** Also where the base has it. */
  readonly force: boolean;
}

export type WishesResult =
  | { readonly ok: true; readonly wishes: readonly PackageWish[] }
  | { readonly ok: false; readonly message: string; readonly advice: readonly string[] };

/** More is no list of packages, but a machine. */
const MOST_WISHES = 200;
const LONGEST_FILE = 64 * 1024;
const NAME = /^[a-z0-9][a-z0-9+.-]{1,100}$/;
const VERSION = /^[0-9A-Za-z.+:~-]{1,100}$/;

interface Refusal {
  readonly refused: string;
  readonly advice: readonly string[];
}

/**
 * The packages that `Aptfile` (a name or `name=version` a line, `#` before a comment) and the table
 * `[com.heroku.buildpacks.deb-packages]` of `project.toml` list (`install`: names, or tables with `name`,
 * `skip_dependencies` and `force`), each once. Archives of others and files from elsewhere are refused: nothing would say that
 * they fit the release.
 */
export function readWishes(files: {
  readonly aptfile?: string | undefined;
  readonly project?: string | undefined;
}): WishesResult {
  const found = new Map<string, PackageWish>();
  for (const [file, text] of [
    ["Aptfile", files.aptfile],
    ["project.toml", files.project],
  ] as const) {
    if (text === undefined) continue;
    if (text.length > LONGEST_FILE) return refuse(`${file} is longer than ${LONGEST_FILE} bytes.`, []);
    for (const one of file === "Aptfile" ? aptfileLines(text) : projectEntries(text)) {
      if ("refused" in one) return refuse(`${file} ${one.refused}`, one.advice);
      found.set(one.name, one);
    }
  }
  if (found.size > MOST_WISHES) return refuse(`More than ${MOST_WISHES} packages are asked for.`, []);
  return { ok: true, wishes: [...found.values()] };
}

function refuse(message: string, advice: readonly string[]): WishesResult {
  return { ok: false, message, advice };
}

function aptfileLines(text: string): (PackageWish | Refusal)[] {
  const lines = text.split(/\r?\n/).map((line) => line.replace(/(?:^|\s)#.*$/, "").trim());
  return lines
    .flatMap((line) =>
      line.split(/\s+/).filter(Boolean).length > 1 && !line.startsWith(":repo:") ? line.split(/\s+/) : [line],
    )
    .filter(Boolean)
    .map(readWord);
}

function readWord(word: string): PackageWish | Refusal {
  if (word.startsWith(":repo:")) return foreign(`names another archive: ${word}`);
  if (/^https?:\/\/|\.deb$/.test(word)) return foreign(`names a file that is not of the release: ${word}`);
  const [name = "", version] = word.split("=", 2);
  return wishOf(name, { version });
}

function foreign(refused: string): Refusal {
  return {
    refused,
    advice: [
      "Packages come from the base's own release alone; use the one it has, or a buildpack that brings the program.",
    ],
  };
}

function wishOf(
  name: string,
  options: { readonly version?: string | undefined; readonly skip?: boolean; readonly force?: boolean },
): PackageWish | Refusal {
  const { version, skip = false, force = false } = options;
  if (!NAME.test(name) || (version !== undefined && !VERSION.test(version))) {
    return {
      refused: `holds no name of a package: ${JSON.stringify(version === undefined ? name : `${name}=${version}`)}`,
      advice: ["Write a package's name, such as libvips42, or a name and a version: libvips42=8.14.1-3"],
    };
  }
  return { name, ...(version === undefined ? {} : { version }), skipDependencies: skip, force };
}

function projectEntries(text: string): (PackageWish | Refusal)[] {
  let settings: unknown;
  try {
    const file = parse(text) as { com?: { heroku?: { buildpacks?: Record<string, unknown> } } };
    settings = file.com?.heroku?.buildpacks?.["deb-packages"];
  } catch (thrown) {
    const reason = (thrown as Error).message.split("\n")[0];
    return [{ refused: `is not valid TOML: ${reason}`, advice: ["Correct it."] }];
  }
  if (settings === undefined) return [];
  const { install = [], sources } = settings as { readonly install?: unknown; readonly sources?: unknown };
  if (sources !== undefined) return [foreign("names other archives (sources in deb-packages)")];
  if (!Array.isArray(install)) return [notAList()];
  return install.map((entry: unknown) => {
    if (typeof entry === "string") return wishOf(entry, {});
    const { name, skip_dependencies: skip, force } = (entry ?? {}) as Record<string, unknown>;
    if (typeof name !== "string") return notAList();
    return wishOf(name, { skip: skip === true, force: force === true });
  });
}

function notAList(): Refusal {
  return {
    refused: "has an install in deb-packages that is no list of names",
    advice: ['Write: install = ["libvips42", { name = "ffmpeg", skip_dependencies = true }]'],
  };
}

const MOST_SUGGESTED = 5;

/** Names that hold one of those, less what versions add at its end; the shortest first. */
export function nearNames(names: readonly string[], available: Iterable<string>): readonly string[] {
  const stems = names.map((name) => name.replace(/[\d.-]+$/, "")).filter((stem) => stem.length > 2);
  return [...available]
    .filter((one) => stems.some((stem) => one.includes(stem)))
    .sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
    .slice(0, MOST_SUGGESTED);
}
