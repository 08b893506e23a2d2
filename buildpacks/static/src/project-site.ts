import { isTarget, type Route } from "../launch/site-config.ts";
import {
  type Fields,
  fieldOf,
  headersOf,
  isFields,
  isRedirect,
  type Remarks,
  type SiteStatements,
} from "./site-statements.ts";

const KNOWN = new Set([
  ...["root", "index", "clean_urls", "redirect_to_https", "errors", "headers", "redirects", "build"],
  ...["caddy_server_opts", "runtime_config"],
]);
const LONGEST_COMMAND = 100;

/**
 * Reads the table `[com.heroku.static-web-server]` of project.toml, in the form of Heroku's static web server buildpack;
 * `clean_urls` at its top and the list `redirects` are ours.
 */
export function readProjectSite(fields: Fields, remarks: Remarks): SiteStatements {
  const text = (path: string) => fieldOf(fields, path, "string", remarks);
  const flag = (path: string) => fieldOf(fields, path, "boolean", remarks);
  for (const name of Object.keys(fields)) {
    if (!KNOWN.has(name)) remarks.warnings.push(`${name} is not known and passed over`);
  }
  const server = isFields(fields.caddy_server_opts) ? fields.caddy_server_opts : {};
  for (const name of Object.keys(server)) {
    if (name !== "clean_urls")
      remarks.warnings.push(`caddy_server_opts.${name} is not supported and passed over`);
  }
  if (fields.runtime_config !== undefined && flag("runtime_config.enabled") !== false) {
    remarks.warnings.push("runtime_config is not supported: PUBLIC_ variables are not written into pages");
  }
  const file = text("errors.404.file_path");
  const status = fieldOf(fields, "errors.404.status", "number", remarks) ?? 404;
  if (status !== 404 && status !== 200) remarks.problems.push("errors.404.status has to be 404 or 200");
  return {
    root: text("root"),
    index: text("index"),
    cleanUrls: flag("clean_urls") ?? flag("caddy_server_opts.clean_urls"),
    httpsOnly: flag("redirect_to_https"),
    notFound: file === undefined ? undefined : { file, status },
    headers: headersOf(fields, "any", remarks),
    routes: redirectsOf(fields.redirects, remarks),
    build: commandOf(fields, remarks),
  };
}

function redirectsOf(list: unknown, remarks: Remarks): readonly Route[] {
  if (list === undefined) return [];
  if (!Array.isArray(list)) {
    remarks.problems.push("redirects has to be a list: [[com.heroku.static-web-server.redirects]]");
    return [];
  }
  return list.flatMap((entry: unknown, i): Route[] => {
    const one = isFields(entry) ? entry : {};
    const [from, to, status = 301] = [one.from, one.to, one.status];
    if (typeof from !== "string" || !from.startsWith("/") || typeof to !== "string" || !isTarget(to)) {
      remarks.problems.push(`redirect ${i + 1} needs from and to, paths or for to an address`);
      return [];
    }
    if (typeof status !== "number" || !isRedirect(status)) {
      remarks.problems.push(
        `redirect ${i + 1} has the status ${String(status)}, which is none of a redirect`,
      );
      return [];
    }
    return [{ kind: "redirect", pattern: { syntax: "named", text: from }, to, status, force: true }];
  });
}

function commandOf(fields: Fields, remarks: Remarks): readonly string[] | undefined {
  const command = fieldOf(fields, "build.command", "string", remarks);
  const args = isFields(fields.build) ? (fields.build.args ?? []) : [];
  if (command === undefined) return undefined;
  if (Array.isArray(args) && args.length <= LONGEST_COMMAND && args.every((one) => typeof one === "string")) {
    return [command, ...args];
  }
  remarks.problems.push("build.args has to be a list of texts");
  return undefined;
}
