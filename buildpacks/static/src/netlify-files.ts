import { type HeaderRule, isTarget, type Route } from "../launch/site-config.ts";
import { headerOf, isRedirect, type Remarks } from "./site-statements.ts";

/** Reads `_headers`: a path at the start of a line, below it lines of `Name: value` that are indented. */
export function readHeadersFile(text: string, remarks: Remarks): readonly HeaderRule[] {
  const rules: { pattern: HeaderRule["pattern"]; set: (readonly [string, string])[] }[] = [];
  for (const [i, line] of linesOf(text).entries()) {
    const content = line.trim();
    if (content === "" || content.startsWith("#")) continue;
    if (!/^\s/.test(line)) {
      if (!content.startsWith("/"))
        remarks.problems.push(`line ${i + 1} of _headers is neither a path nor indented`);
      rules.push({ pattern: { syntax: "named", text: content }, set: [] });
      continue;
    }
    const rule = rules.at(-1);
    const [, name = "", value = ""] = /^([^:]+):\s*(.*)$/.exec(content) ?? [];
    if (rule === undefined || name === "") {
      remarks.problems.push(`line ${i + 1} of _headers is no header below a path`);
    } else if (name.toLowerCase() === "basic-auth") {
      remarks.warnings.push(
        `line ${i + 1} of _headers: Basic-Auth is not supported, so the pages are open to all`,
      );
    } else {
      addHeader(rule.set, headerOf(name.trim(), value, remarks));
    }
  }
  return rules;
}

/** A header that is written twice has both values, in one line. */
function addHeader(set: (readonly [string, string])[], added: readonly (readonly [string, string])[]): void {
  for (const [name, value] of added) {
    const before = set.findIndex(([other]) => other.toLowerCase() === name.toLowerCase());
    if (before < 0) set.push([name, value]);
    else set[before] = [name, `${set[before]?.[1]}, ${value}`];
  }
}

/**
 * Reads `_redirects`: `from to [status][!]` a line; 200 sends a file of the site under the address asked for, and `!` does
 * so also where there is a file. Conditions, query parameters and other hosts' content are passed over with a warning.
 */
export function readRedirectsFile(text: string, remarks: Remarks): readonly Route[] {
  return linesOf(text).flatMap((line, i) => {
    const words = line
      .replace(/(^|\s)#.*$/, "")
      .trim()
      .split(/\s+/);
    if (words[0] === "") return [];
    const read = readRedirect(words);
    if (typeof read !== "string") return [read];
    remarks.warnings.push(`line ${i + 1} of _redirects is passed over: ${read}`);
    return [];
  });
}

function readRedirect([from = "", to = "", status = "301", ...rest]: readonly string[]): Route | string {
  const [, number = "", forced] = /^(\d{3})(!?)$/.exec(status) ?? [];
  if (!from.startsWith("/")) return "rules for other hosts are not supported";
  if (rest.length > 0 || number === "" || to === "") return "it is not of the form: from to status";
  if (!isTarget(to)) return "its target is neither a path nor an address whose host is written out";
  const pattern = { syntax: "named", text: from } as const;
  const force = forced === "!";
  if (isRedirect(Number(number))) return { kind: "redirect", pattern, to, status: Number(number), force };
  if (number !== "200" && number !== "404") return `the status ${number} is not supported`;
  if (!to.startsWith("/")) return "content of other hosts is not supported";
  if (/:[A-Za-z_]/.test(to)) return "a file that depends on the address is not supported";
  return {
    kind: "file",
    pattern,
    file: to.replace(/^\/+/, "").replace(/[?#].*/, ""),
    status: Number(number),
    force,
  };
}

function linesOf(text: string): readonly string[] {
  return text.replace(/^\uFEFF/, "").split(/\r?\n/);
}
