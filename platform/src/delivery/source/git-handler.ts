import type { IncomingMessage, ServerResponse } from "node:http";
import { errorCatalog } from "@conifer/contract";
import { BusinessError, type Logger, logFailure, type Principal } from "../../kernel/index.ts";
import { discardRest } from "./discard-rest.ts";
import type { ReceivePush } from "./receive-push.ts";
import type { GitTransport } from "./source-ports.ts";

export interface GitHandlerDependencies {
  /** The account a name and password (a token, usually) belong to; undefined when they are wrong. */
  readonly authenticate: (user: string, password: string) => Promise<Principal | undefined>;
  /** Whether the principal may see (`view`: clone, fetch) or deploy (`deploy`: push) the app of that name. */
  readonly resolveApp: (
    name: string,
    principal: Principal,
    need: "view" | "deploy",
  ) => Promise<{ readonly id: string; readonly name: string } | "not_found" | "forbidden">;
  readonly transport: GitTransport;
  readonly receivePush: ReceivePush;
  /** Throws insufficient_storage when nothing new can be stored. Default: there is always room. */
  readonly requireRoom?: () => Promise<void>;
  readonly logger: Logger;
  /** Whether a failure means that the database cannot be reached, and so will pass. */
  readonly isStoreAway?: (thrown: unknown) => boolean;
}

/**
 * Git's smart HTTP at `/<app>.git/…` (gitprotocol-http(5)). Resolves with false, having touched nothing, when the path is
 * another. Without credentials every such path answers 401, also of apps that do not exist. Texts are `text/plain`, which
 * git shows to its user behind `remote:`.
 */
export function makeGitHandler(deps: GitHandlerDependencies) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const url = new URL(request.url ?? "/", "http://git");
    const match = /^\/([^/]+)\.git(\/.*)?$/.exec(url.pathname);
    if (!match) return false;
    try {
      await answer(match[1] ?? "", match[2] ?? "/", { request, response, url, deps });
    } catch (thrown) {
      answerFailure(thrown, response, deps);
    }
    discardRest(request);
    return true;
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly deps: GitHandlerDependencies;
}

async function answer(app: string, path: string, { request, response, url, deps }: Exchange): Promise<void> {
  const credentials = basicCredentials(request.headers.authorization);
  const principal = credentials && (await deps.authenticate(credentials.user, credentials.password));
  if (!principal) return refuse(response, 401, credentials ? WRONG_TOKEN : NO_TOKEN);
  if (path.startsWith("/info/lfs/")) return refuseLfs(response);
  const need = serviceOf(request.method ?? "GET", path, url.searchParams);
  if (need === "unknown") return refuse(response, 404, "This is not a path of git's smart HTTP protocol.");
  if (need === "dumb") return refuse(response, 403, "This git is too old. Use git 1.6.6 or newer.");
  const name = decodeName(app);
  const found = name === undefined ? "not_found" : await deps.resolveApp(name, principal, need);
  if (found === "not_found") return refuse(response, 404, noSuchApp(name ?? app));
  if (found === "forbidden")
    return refuse(response, 403, `You may not ${need === "view" ? "see" : "deploy"} ${name}.`);
  // What git only reads goes on.
  if (need === "deploy") await deps.requireRoom?.();
  const receive = deps.receivePush(found, principal);
  await deps.transport.serve({ appId: found.id, path, user: principal.email, receive }, request, response);
}

/** Which right a request needs, `dumb` for the old protocol, `unknown` for what is none of git's requests. */
export function serviceOf(
  method: string,
  path: string,
  query: URLSearchParams,
): "view" | "deploy" | "dumb" | "unknown" {
  if (method === "GET" && path === "/info/refs") {
    const service = query.get("service");
    if (service === null) return "dumb";
    return service === "git-upload-pack" ? "view" : service === "git-receive-pack" ? "deploy" : "unknown";
  }
  if (method === "POST" && path === "/git-upload-pack") return "view";
  if (method === "POST" && path === "/git-receive-pack") return "deploy";
  return "unknown";
}

/** Name and password of a Basic header (RFC 7617); undefined when there is none or it makes no sense. */
export function basicCredentials(header: string | undefined): { user: string; password: string } | undefined {
  const encoded = /^basic +([a-z0-9+/=_-]+) *$/i.exec(header ?? "")?.[1];
  if (!encoded) return undefined;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

const NO_TOKEN = "Log in with `heroku login -i`, or give an API token as the password.";
const WRONG_TOKEN = "The token is wrong or has expired. Log in again with `heroku login -i`.";

function noSuchApp(name: string): string {
  return `No such app as ${name}. Check the name with \`heroku apps\`, and the remote with \`git remote -v\`.`;
}

/** Git LFS shows the `message` of a JSON answer, and takes 501 for what a server does not have. (git-lfs docs/api/batch.md) */
function refuseLfs(response: ServerResponse): void {
  const message =
    "Git LFS is not supported here. Push with `git push --no-verify`: the app then gets the pointer files, not their content.";
  response.writeHead(501, { "Content-Type": "application/vnd.git-lfs+json" });
  response.end(JSON.stringify({ message }));
}

function decodeName(text: string): string | undefined {
  try {
    const name = decodeURIComponent(text);
    return /^[A-Za-z0-9-]{1,64}$/.test(name) ? name : undefined;
  } catch {
    return undefined;
  }
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    "Content-Type": "text/plain; charset=utf-8",
    "Cache-Control": "no-cache",
    ...(status === 401 ? { "WWW-Authenticate": 'Basic realm="Conifer"' } : {}),
  });
  response.end(`${text}\n`);
}

function answerFailure(thrown: unknown, response: ServerResponse, deps: GitHandlerDependencies): void {
  if (response.headersSent) return void response.destroy();
  if (thrown instanceof BusinessError) {
    refuse(response, errorCatalog[thrown.id].status, thrown.message);
    return;
  }
  const errorId = logFailure(deps.logger, "git request failed", { error: thrown });
  const status = deps.isStoreAway?.(thrown) ? 503 : 500;
  refuse(response, status, `Conifer could not do this (error ${errorId}). Try again in a moment.`);
}
