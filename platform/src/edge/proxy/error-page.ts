import { STATUS_CODES } from "node:http";
import { FAILURES, type Failure, failureStatus } from "./failure.ts";
import { routerFields } from "./forward-response.ts";

/** A page of the router's own. */
export interface RouterPage {
  readonly status: number;
  readonly html: string;
  /** Default: HTML. */
  readonly type?: string;
}

interface Words {
  readonly title: string;
  readonly say: string;
}

const APPLICATION_ERROR: Words = {
  title: "Application error",
  say: "The app behind this address could not answer. If it is yours, <code>heroku logs --tail</code> shows why.",
};

/** What visitors read. Who runs the app finds the code in its log. */
const WORDS: Partial<Record<Failure["code"], Words>> = {
  H12: { title: "No answer in time", say: "The app took too long to answer. Try again in a moment." },
  H14: {
    title: "Nothing is running",
    say: "No web process of this app is running. If it is yours, <code>heroku ps:scale web=1</code> starts one.",
  },
  H20: { title: "Still starting", say: "The app did not finish starting in time. Try again in a moment." },
  H26: { title: "Bad request", say: "This request could not be understood." },
  H80: { title: "Down for maintenance", say: "This app is being worked on and will be back soon." },
  H81: {
    title: "Nothing here yet",
    say: "This app exists, but nothing was deployed to it. If it is yours, <code>git push heroku main</code> does.",
  },
};

/** The page for a request that failed. */
export function failurePage(failure: Failure): RouterPage {
  const { title, say } = WORDS[failure.code] ?? APPLICATION_ERROR;
  const code = FAILURES[failure.code].at === "info" ? "" : failure.code;
  return { status: failureStatus(failure), html: page(title, say, code) };
}

export const noSuchAppPage: RouterPage = {
  status: 404,
  html: page(
    "No such app",
    "There is no app at this address. Check its spelling, or <code>heroku apps</code> for those you have.",
  ),
};

export const badRequestPage: RouterPage = {
  status: 400,
  html: page("Bad request", "This request could not be understood."),
};

export const lateRequestPage: RouterPage = {
  status: 408,
  html: page("Request too slow", "The request did not arrive in time."),
};

/** What an authority of certificates reads. (RFC 8555 §8.3) */
export function proofPage(text: string): RouterPage {
  return { status: 200, html: text, type: "application/octet-stream" };
}

/** A whole response with a page: never cached, and without body where the method wants none. */
export function pageText(
  { status, html, type = "text/html; charset=utf-8" }: RouterPage,
  client: { readonly method: string; readonly minor: 0 | 1; readonly keepAlive: boolean },
): { readonly text: string; readonly bytes: number } {
  const body = Buffer.from(html).toString("latin1");
  const text =
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Error"}\r\nServer: Heroku\r\n` +
    `Content-Type: ${type}\r\nCache-Control: no-cache, no-store\r\nContent-Length: ${body.length}\r\n` +
    `${routerFields(client.minor, client.keepAlive)}\r\n`;
  return client.method === "HEAD" ? { text, bytes: 0 } : { text: text + body, bytes: body.length };
}

function page(title: string, say: string, code = ""): string {
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{max-width:34rem;margin:18vh auto 0;padding:0 1.5rem}h1{font-size:1.6rem;font-weight:600;margin:0 0 .5rem}
p{margin:0;opacity:.8}small{display:block;margin-top:2rem;opacity:.5}</style>
<h1>${title}</h1>
<p>${say}</p>${code && `\n<small>${code}</small>`}
</html>
`;
}
