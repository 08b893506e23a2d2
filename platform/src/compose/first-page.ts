import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { AbilityRow } from "../drivers/embedded/sandbox/index.ts";
import type { Config } from "./config.ts";
import type { Home } from "./home.ts";

/** What a person needs to know of a platform that just came up. Holds no secret: any visitor of the port may read it. */
export interface FirstPage {
  readonly api: string;
  /** The form of an app's address. */
  readonly apps: string;
  readonly appsTls: string;
  /** The first account; unknown when another instance made it. */
  readonly email: string | undefined;
  readonly home: string;
  /** Where the commands are typed. */
  readonly clone: string;
  /** What points a shell at this instance. */
  readonly point: string;
  readonly isolation: readonly AbilityRow[];
}

export interface FirstPageFacts {
  readonly config: Config;
  readonly email: string | undefined;
  readonly clone: string;
  readonly isolation: readonly AbilityRow[];
}

export function makeFirstPage({ config, email, clone, isolation }: FirstPageFacts): FirstPage {
  const usual = config.home.root === join(homedir(), ".conifer");
  const at = (scheme: string, port: number) => `${scheme}://<app>.${config.domain}:${port}/`;
  return {
    api: `http://localhost:${config.apiPort}`,
    apps: at("http", config.routerPort),
    appsTls: at("https", config.routerTlsPort),
    email,
    home: config.home.root,
    clone,
    point: `eval "$(${usual ? "" : `CONIFER_HOME=${config.home.root} `}npm run -s env)"`,
    isolation,
  };
}

type Row = readonly [string, string];

/** A part of the page: a heading, lines of two columns, sentences. */
interface Section {
  readonly heading: string;
  readonly rows?: readonly Row[];
  readonly commands?: readonly Row[];
  readonly sentences?: readonly string[];
}

const CLIENT = "npm install -g heroku@11.10.0";

function sections(page: FirstPage): readonly Section[] {
  return [
    {
      heading: "Where things are",
      rows: [
        ["API and git", `${page.api}  (https on the same port)`],
        ["Apps", `${page.apps}  (${page.appsTls})`],
        ["Account", `${page.email ?? "as made before"}, password in ${join(page.home, "access.json")}`],
        ["Conifer's own log", join(page.home, "log")],
      ],
    },
    {
      heading: "What keeps apps apart and within limits here",
      rows: page.isolation.map((row) => [row.what, isolationText(row)] as const),
    },
    {
      heading: "Point a shell here",
      commands: [
        [`cd ${page.clone}`, ""],
        [page.point, "the heroku client, git and Terraform"],
        ["heroku login -i", "plain `heroku login` needs a browser page that is not there yet"],
      ],
    },
    {
      heading: "Your first app, in a git repository of yours",
      commands: [
        ["heroku create", ""],
        ["git push heroku main", ""],
        ["heroku open", ""],
      ],
    },
    {
      heading: "Good to know",
      sentences: [
        `No heroku client yet? ${CLIENT}`,
        "A shell without these exports talks to heroku.com. `npm run -s heroku -- <command>` never does.",
        "In a folder that already has a `heroku` remote: `heroku create -r conifer`, then `git push conifer main`.",
      ],
    },
  ];
}

function isolationText({ state, detail, howToGetMore }: AbilityRow): string {
  return `${state.padEnd(8)}  ${detail}${howToGetMore ? `  (more: ${howToGetMore})` : ""}`;
}

/** For the terminal. The first line is what scripts wait for. */
export function firstPageText(page: FirstPage, color: boolean): string {
  const bold = (text: string) => (color ? `\x1b[1m${text}\x1b[22m` : text);
  const faint = (text: string) => (color ? `\x1b[2m${text}\x1b[22m` : text);
  const columns = (rows: readonly Row[], draw: (row: Row, width: number) => string) => {
    const width = Math.max(0, ...rows.map(([first]) => first.length));
    return rows.map((row) => `  ${draw(row, width)}`.trimEnd());
  };
  const lines = sections(page).flatMap(({ heading, rows = [], commands = [], sentences = [] }) => {
    const body = [
      ...columns(rows, ([name, value], width) => `${faint(name.padEnd(width))}  ${value}`),
      ...columns(commands, ([command, why], width) =>
        why ? `${command.padEnd(width)}  ${faint(why)}` : command,
      ),
      ...sentences.map((sentence) => `  ${sentence}`),
    ];
    return body.length > 0 ? ["", bold(heading), ...body] : [];
  });
  return [bold(`Conifer is ready at ${page.api}`), ...lines, ""].join("\n");
}

/** For a browser that opens the API's or the router's port on localhost: the same page, no script, nothing from elsewhere. */
export function firstPageHtml(page: FirstPage): string {
  const body = sections(page).map(({ heading, rows = [], commands = [], sentences = [] }) => {
    const cells = rows.map(
      ([name, value]) => `<tr><th>${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`,
    );
    const typed = commands.map(([command, why]) =>
      why ? `${escapeHtml(command)}  <i># ${escapeHtml(why)}</i>` : escapeHtml(command),
    );
    const said = sentences.map((sentence) => `<li>${withCode(sentence)}</li>`);
    if (cells.length + typed.length + said.length === 0) return "";
    return [
      `<h2>${escapeHtml(heading)}</h2>`,
      cells.length > 0 ? `<table>${cells.join("")}</table>` : "",
      typed.length > 0 ? `<pre>${typed.join("\n")}</pre>` : "",
      said.length > 0 ? `<ul>${said.join("")}</ul>` : "",
    ].join("");
  });
  return htmlDocument("Conifer is ready", body.join("\n"));
}

const STYLE = [
  ":root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}",
  "body{max-width:52rem;margin:3rem auto;padding:0 1rem}",
  "h1{font-weight:600}h2{font-size:1rem;margin:2rem 0 .5rem}",
  "table{border-collapse:collapse}th{text-align:left;font-weight:400;opacity:.65;padding-right:1.5rem;vertical-align:top}",
  "td{white-space:pre-wrap}pre{padding:.8rem 1rem;border:1px solid #8884;border-radius:.5rem;overflow:auto}",
  "i{opacity:.65;font-style:normal}ul{padding-left:1.2rem}",
].join("");

function htmlDocument(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title><style>${STYLE}</style>
<h1>${escapeHtml(title)}</h1>
${body}
</html>
`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

function withCode(sentence: string): string {
  return escapeHtml(sentence).replace(/`([^`]+)`/g, "<code>$1</code>");
}

function pageFile(home: Home): string {
  return join(home.run, "first-page.html");
}

/** Leaves the page where the API and the router find it. */
export function writeFirstPage(home: Home, page: FirstPage): void {
  const part = `${pageFile(home)}.${process.pid}`;
  writeFileSync(part, firstPageHtml(page), { mode: 0o600 });
  renameSync(part, pageFile(home));
}

/** The page of this home as HTML, for `/` on `localhost`. Before the platform is ready it says just that. */
export function readFirstPage(home: Home): string {
  try {
    return readFileSync(pageFile(home), "utf8");
  } catch {
    return htmlDocument(
      "Conifer is starting",
      "<p>Its processes are coming up. Load this page again in a moment.</p>",
    );
  }
}
