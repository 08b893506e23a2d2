import { isTarget, type Route } from "../launch/site-config.ts";
import {
  type Fields,
  fieldOf,
  headersOf,
  isFields,
  isRedirect,
  type Remarks,
  type SiteStatements,
  tableOf,
} from "./site-statements.ts";

const KNOWN = new Set(["root", "clean_urls", "https_only", "routes", "redirects", "headers", "error_page"]);
/** Where the classic buildpack serves from unless it is told. */
const STANDARD_ROOT = "public_html/";

/** Reads `static.json`, in the form of Heroku's classic static buildpack (heroku-buildpack-static). */
export function readStaticJson(fields: Fields, remarks: Remarks): SiteStatements {
  for (const name of Object.keys(fields)) {
    if (KNOWN.has(name)) continue;
    const why =
      name === "proxies" ? "proxies are not supported: call the other app by its own address" : undefined;
    remarks.warnings.push(why ?? `${name} is not supported and passed over`);
  }
  const flag = (path: string) => fieldOf(fields, path, "boolean", remarks);
  const page = fieldOf(fields, "error_page", "string", remarks);
  const files = tableOf(fields, "routes", remarks).flatMap(([from, to]) => routeOf(from, to, remarks));
  const redirects = tableOf(fields, "redirects", remarks).flatMap(([from, to]) =>
    redirectOf(from, to, remarks),
  );
  return {
    root: fieldOf(fields, "root", "string", remarks) ?? STANDARD_ROOT,
    cleanUrls: flag("clean_urls") ?? false,
    httpsOnly: flag("https_only"),
    notFound: page === undefined ? undefined : { file: page, status: 404 },
    headers: headersOf(fields, "segments", remarks),
    routes: [...redirects, ...files],
  };
}

function routeOf(from: string, value: unknown, { problems }: Remarks): readonly Route[] {
  const { path: file, except } = isFields(value) ? value : { path: value, except: undefined };
  if (typeof file !== "string" || (except !== undefined && typeof except !== "string")) {
    problems.push(`routes."${from}" has to name a file`);
    return [];
  }
  return [
    { kind: "file", pattern: { syntax: "segments", text: from }, file, status: 200, force: false, except },
  ];
}

function redirectOf(from: string, value: unknown, { problems }: Remarks): readonly Route[] {
  const { url: to, status = 301 } = isFields(value) ? value : { url: undefined };
  if (typeof to !== "string" || !isTarget(to)) {
    problems.push(
      `redirects."${from}".url has to be a path or an address${String(to).includes("${") ? "; variables are not filled in" : ""}`,
    );
    return [];
  }
  if (typeof status !== "number" || !isRedirect(status)) {
    problems.push(`redirects."${from}".status is none of a redirect`);
    return [];
  }
  return [{ kind: "redirect", pattern: { syntax: "segments", text: from }, to, status, force: true }];
}
