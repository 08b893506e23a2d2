import type { IncomingMessage } from "node:http";
import type { Clock, MasterKey } from "../../kernel/index.ts";
import { readBounded } from "./paced-body.ts";
import { jsonAnswer, type RegistryAnswer } from "./registry-call.ts";
import { checkCredential, checkToken, issueToken } from "./registry-credentials.ts";
import { RegistryError } from "./registry-error.ts";
import type { RegistryRoute } from "./registry-routes.ts";
import {
  allows,
  type RegistryAction,
  type RegistryPrincipal,
  type Repository,
  repositoryName,
} from "./registry-rules.ts";
import { blobUnknown, manifestUnknown, nameUnknown } from "./serve-content.ts";

export interface AccessDependencies {
  readonly keys: MasterKey;
  readonly now: Clock;
}

const SERVICE = "conifer";

/** Who makes a request. Throws UNAUTHORIZED with where to get a token, for what was asked. */
export function authenticate(
  request: IncomingMessage,
  deps: AccessDependencies,
  scope: string | undefined,
): RegistryPrincipal {
  const header = request.headers.authorization ?? "";
  const [scheme = "", given = ""] = header.split(" ", 2);
  const principal =
    scheme.toLowerCase() === "bearer"
      ? checkToken(given, deps.now(), deps.keys)
      : checkBasic(scheme, given, deps);
  if (principal) return principal;
  throw new RegistryError("UNAUTHORIZED", "this needs a valid credential of a space, a build or a role", {
    headers: { "www-authenticate": challenge(request, scope) },
  });
}

/** `repository:<name>:<actions>`, as clients repeat it to the token's address (distribution token specification). */
export function scopeOf(repository: Repository, action: RegistryAction): string {
  const actions = { pull: "pull", push: "pull,push", delete: "delete" }[action];
  return `repository:${repositoryName(repository)}:${actions}`;
}

/**
 * Throws unless the principal may do it. To whom may not read, another's repository looks like one that does not exist;
 * writing is refused alike for both.
 */
export function authorize(
  principal: RegistryPrincipal,
  action: RegistryAction,
  route: Extract<RegistryRoute, { repository: Repository }>,
): void {
  if (allows(principal, action, route.repository)) return;
  if (action !== "pull") throw new RegistryError("DENIED", `this credential may not ${action} here`);
  if (route.kind === "manifest") throw manifestUnknown();
  if (route.kind === "blob") throw blobUnknown();
  throw nameUnknown();
}

const FORM_BYTES = 16 * 1024;

/**
 * Gives a token for a credential: by GET with basic authorization, or by POST of a form as OAuth 2 has it (RFC 6749
 * §4.3). The token has the credential's rights whatever scope was asked for: it is a shorter credential, not a smaller one.
 */
export async function serveToken(
  request: IncomingMessage,
  body: () => AsyncIterable<Buffer>,
  deps: AccessDependencies,
): Promise<RegistryAnswer> {
  const [scheme = "", given = ""] = (request.headers.authorization ?? "").split(" ", 2);
  const principal =
    request.method === "POST"
      ? checkForm(new URLSearchParams((await readBounded(body(), FORM_BYTES)).toString()), deps)
      : checkBasic(scheme, given, deps);
  if (!principal)
    throw new RegistryError("UNAUTHORIZED", "a token is given for a valid credential only", {
      headers: { "www-authenticate": [`Basic realm="${SERVICE}"`] },
    });
  const now = deps.now();
  const { token, seconds } = issueToken(principal, now, deps.keys);
  const answer = { token, access_token: token, expires_in: seconds, issued_at: now.toISOString() };
  return jsonAnswer(answer, { "cache-control": "no-store" });
}

function checkBasic(scheme: string, given: string, { keys, now }: AccessDependencies) {
  if (scheme.toLowerCase() !== "basic") return undefined;
  const text = Buffer.from(given, "base64").toString();
  const colon = text.indexOf(":");
  if (colon < 0) return undefined;
  return checkCredential({ username: text.slice(0, colon), password: text.slice(colon + 1) }, now(), keys);
}

function checkForm(form: URLSearchParams, { keys, now }: AccessDependencies) {
  if (form.get("grant_type") !== "password") return undefined;
  const [username, password] = [form.get("username") ?? "", form.get("password") ?? ""];
  return checkCredential({ username, password }, now(), keys);
}

const HOST = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/** The token's address has the name by which the client reached us, and https behind a proxy that says so. */
function challenge(request: IncomingMessage, scope: string | undefined): readonly string[] {
  const basic = `Basic realm="${SERVICE}"`;
  const { host = "" } = request.headers;
  if (!HOST.test(host)) return [basic];
  const scheme = request.headers["x-forwarded-proto"] === "https" ? "https" : "http";
  const asked = scope === undefined ? "" : `,scope="${scope}"`;
  return [`Bearer realm="${scheme}://${host}/v2/token",service="${SERVICE}"${asked}`, basic];
}
