import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { parse } from "smol-toml";
import { BuildFailure } from "../../shared/build-failure.ts";
import { DEFAULT_CONFIG, type SiteConfig } from "../launch/site-config.ts";
import { readHeadersFile, readRedirectsFile } from "./netlify-files.ts";
import { readProjectSite } from "./project-site.ts";
import { type Fields, isFields, type Remarks, type SiteStatements } from "./site-statements.ts";
import { readStaticJson } from "./static-json.ts";

/** Of one file with settings. */
const LONGEST_FILE = 256 * 1024;
/** Of headers and routes together: each is looked at with each request. */
const MOST_RULES = 500;
/** Where a site may stand in its repository, in the order they are tried. */
const ROOTS = ["public", "dist", "site", "."] as const;

export interface SitePlan {
  /** The site's folder, relative to the app's; `.` for that itself. */
  readonly root: string;
  readonly config: SiteConfig;
  /** What the files said, for the log: `static.json`. */
  readonly readFrom: readonly string[];
  readonly warnings: readonly string[];
}

interface Read {
  readonly name: string;
  readonly statements: SiteStatements;
}

/** What project.toml or, failing that, static.json says; before anything is built, as they may say how. */
export async function readSiteStatements(appDir: string): Promise<Read & Pick<SitePlan, "warnings">> {
  const remarks: Remarks = { problems: [], warnings: [] };
  const toml = await readBounded(appDir, "project.toml");
  const table = toml === undefined ? undefined : serverTable(toml);
  const json = await readBounded(appDir, "static.json");
  if (table !== undefined) {
    if (json !== undefined)
      remarks.warnings.push("static.json is passed over: project.toml says how the site is served");
    const statements = readProjectSite(table, remarks);
    return { name: "project.toml", statements, warnings: finish("project.toml", remarks) };
  }
  if (json === undefined) return { name: "", statements: { headers: [], routes: [] }, warnings: [] };
  const statements = readStaticJson(parseJson(json), remarks);
  return { name: "static.json", statements, warnings: finish("static.json", remarks) };
}

/** How the site is served, by those and by `_headers` and `_redirects` in its folder. */
export async function planSite(appDir: string, { name, statements }: Read): Promise<SitePlan> {
  const index = plainPath(statements.index ?? "index.html", "index", name);
  const root = findRoot(appDir, index, { name, statements });
  const folder = path.join(appDir, root);
  const remarks: Remarks = { problems: [], warnings: [] };
  const [headers, redirects] = [
    await readBounded(folder, "_headers"),
    await readBounded(folder, "_redirects"),
  ];
  const more = {
    headers: headers === undefined ? [] : readHeadersFile(headers, remarks),
    routes: redirects === undefined ? [] : readRedirectsFile(redirects, remarks),
  };
  const inFolder = [
    ...(headers === undefined ? [] : ["_headers"]),
    ...(redirects === undefined ? [] : ["_redirects"]),
  ];
  const stated = name === "" ? [] : [name];
  const config: SiteConfig = {
    index,
    cleanUrls: statements.cleanUrls ?? DEFAULT_CONFIG.cleanUrls,
    httpsOnly: statements.httpsOnly ?? false,
    notFound: notFoundOf(folder, statements.notFound, name),
    headers: [...statements.headers, ...more.headers],
    routes: [...statements.routes, ...more.routes],
    hidden: [...inFolder, ...(root === "." ? stated : [])],
  };
  for (const route of config.routes)
    if (route.kind === "file") plainPath(route.file, "the file of a route", name);
  const rules = config.headers.length + config.routes.length;
  if (rules > MOST_RULES) remarks.problems.push(`there are ${rules} rules; ${MOST_RULES} are the most`);
  const readFrom = [...stated, ...inFolder];
  return { root, config, readFrom, warnings: finish(readFrom.join(", "), remarks) };
}

function finish(name: string, { problems, warnings }: Remarks): readonly string[] {
  if (problems.length > 0) {
    const lines = problems.slice(0, 20).map((one) => `  ${one}`);
    throw new BuildFailure([`${name} cannot be used:`, ...lines].join("\n"), [
      "Correct it, commit, and push again.",
    ]);
  }
  return warnings.map((one) => `${name}: ${one}.`);
}

function findRoot(appDir: string, index: string, { name, statements }: Read): string {
  const { root: stated } = statements;
  if (stated !== undefined) {
    const root = plainPath(stated.replace(/\/+$/, "") || ".", "root", name);
    if (existsSync(path.join(appDir, root, index))) return root;
    throw new BuildFailure(`The site has no ${index} in ${root}/, the root that ${name} names.`, [
      `Change root in ${name}, or commit the files that are built. Files that .gitignore names are not pushed.`,
    ]);
  }
  const found = ROOTS.find((root) => existsSync(path.join(appDir, root, index)));
  if (found !== undefined) return found;
  throw new BuildFailure(`The site has no ${index}.`, ["Put one at the top, or in public/."]);
}

function notFoundOf(
  folder: string,
  stated: SiteConfig["notFound"] | undefined,
  name: string,
): SiteConfig["notFound"] {
  if (stated === undefined) return DEFAULT_CONFIG.notFound;
  const file = plainPath(stated.file, "the page for what is not there", name);
  if (existsSync(path.join(folder, file))) return { ...stated, file };
  throw new BuildFailure(`${file}, the page for what is not there, is not in the site's folder.`, [
    `Change it in ${name}: it is named from the site's folder on.`,
  ]);
}

/** A path that stays below its folder. */
function plainPath(text: string, what: string, name: string): string {
  const plain = path.posix.normalize(text.replace(/^\/+/, "") || ".");
  if (!plain.startsWith("..") && !plain.includes("\0") && plain.length <= 500) return plain;
  throw new BuildFailure(
    `${JSON.stringify(text.slice(0, 100))} (${what} in ${name}) leads out of its folder.`,
    ["Name a path below it."],
  );
}

async function readBounded(folder: string, name: string): Promise<string | undefined> {
  const file = path.join(folder, name);
  const found = await stat(file).catch(() => undefined);
  if (found === undefined || !found.isFile()) return undefined;
  if (found.size <= LONGEST_FILE) return readFile(file, "utf8");
  throw new BuildFailure(`${name} has ${found.size} bytes; more than ${LONGEST_FILE} are not read.`, [
    `Make ${name} smaller.`,
  ]);
}

/** The table of project.toml that is for the server; undefined when it has none. */
function serverTable(toml: string): Fields | undefined {
  let document: Fields;
  try {
    document = parse(toml);
  } catch (thrown) {
    throw new BuildFailure(`project.toml cannot be read: ${(thrown as Error).message.split("\n")[0]}`, [
      "Correct it, commit, and push again.",
    ]);
  }
  const { com } = document;
  const heroku = isFields(com) ? com.heroku : undefined;
  const table = isFields(heroku) ? heroku["static-web-server"] : undefined;
  return isFields(table) ? table : undefined;
}

function parseJson(text: string): Fields {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (thrown) {
    throw new BuildFailure(`static.json cannot be read: ${(thrown as Error).message}`, [
      "It has to be JSON.",
    ]);
  }
  if (isFields(document)) return document;
  throw new BuildFailure("static.json has to hold an object.", ["For example:", '  {"root": "dist/"}']);
}
