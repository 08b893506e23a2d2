import type { IncomingMessage, ServerResponse } from "node:http";
import { type Clock, type Logger, logFailure, type MasterKey, type Principal } from "../../kernel/index.ts";
import { ownPath, ownQuery, readAppCall } from "./app-repository.ts";
import { issueRoleCredential } from "./registry-credentials.ts";
import { errorBody } from "./registry-error.ts";
import { COMMON_SPACE, type RegistryRole } from "./registry-rules.ts";

export interface AppRegistryDependencies {
  /** Whose token it is; undefined when it is nobody's. */
  readonly authenticate: (user: string, token: string) => Promise<Principal | undefined>;
  /** What the caller may do with the images of the app of that name or id; undefined when it is none of the caller's business. */
  readonly roleFor: (
    app: string,
    principal: Principal,
  ) => Promise<{ readonly appId: string; readonly role: RegistryRole } | undefined>;
  /** From `registryKeys`. */
  readonly keys: MasterKey;
  readonly now: Clock;
  readonly logger: Logger;
  /** Answers as the registry, by the path and the credential that the request has been given. */
  readonly serve: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

/** Long enough for the slowest upload of one blob; the credential never leaves the installation. */
const CREDENTIAL_MS = 60 * 60 * 1000;

/**
 * The registry as Heroku's clients know it: repositories `<app>/<process type>`, and any user with an API token as
 * password. Resolves with false, having touched nothing, for a path that is not the registry's. Whoever has no
 * right to an app learns no more than that there is no such repository.
 */
export function makeAppRegistryHandler(deps: AppRegistryDependencies) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const [path = "", search = ""] = (request.url ?? "").split("?", 2);
    if (path !== "/v2" && !path.startsWith("/v2/")) return false;
    try {
      await answer(path, search, { request, response, deps });
    } catch (thrown) {
      const id = logFailure(deps.logger, "a request to the registry failed", { error: thrown });
      refuse(response, 503, [
        "UNKNOWN",
        `the registry is not reachable just now; try again in a moment (${id})`,
      ]);
      request.resume();
    }
    return true;
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly deps: AppRegistryDependencies;
}

async function answer(path: string, search: string, { request, response, deps }: Exchange): Promise<void> {
  const given = credentialOf(request.headers.authorization);
  const principal = given && (await deps.authenticate(given.user, given.token));
  if (!principal) {
    request.resume();
    return refuse(response, 401, ["UNAUTHORIZED", "log in with any user name and an API token as password"]);
  }
  if (path === "/v2" || path === "/v2/") {
    request.resume();
    response.writeHead(200, { "content-type": "application/json", ...VERSION }).end("{}");
    return;
  }
  const call = readAppCall(path);
  const found = call && (await deps.roleFor(call.app, principal));
  if (!call || !found) {
    request.resume();
    return refuse(response, 404, [
      "NAME_UNKNOWN",
      "there is no such repository; name it <app>/<process type>",
    ]);
  }
  const repository = { space: COMMON_SPACE, name: found.appId };
  const until = new Date(deps.now().getTime() + CREDENTIAL_MS);
  const { username, password } = issueRoleCredential(found.role, repository, until, deps.keys);
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  request.url = ownPath(call, found.appId) + ownQuery(search);
  request.headers.authorization = authorization;
  request.headersDistinct.authorization = [authorization];
  await deps.serve(request, response);
}

/** The token is the password of Basic, whoever the user, or the value of Bearer. (facts: Docker on Cedar, "Login") */
function credentialOf(header: string | undefined): { user: string; token: string } | undefined {
  const [, scheme = "", value = ""] = /^(basic|bearer) +([A-Za-z0-9+/=._~-]+) *$/i.exec(header ?? "") ?? [];
  if (scheme.toLowerCase() === "bearer") return { user: "", token: value };
  const text = Buffer.from(value, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return scheme === "" || colon < 0
    ? undefined
    : { user: text.slice(0, colon), token: text.slice(colon + 1) };
}

const VERSION = { "docker-distribution-api-version": "registry/2.0" };

function refuse(
  response: ServerResponse,
  status: number,
  [code, message]: Parameters<typeof errorBody>,
): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, {
    ...{ "content-type": "application/json", ...VERSION },
    ...(status === 401 ? { "www-authenticate": 'Basic realm="Conifer"' } : {}),
  });
  response.end(errorBody(code, message));
}
