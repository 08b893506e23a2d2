import type { RequestBodies } from "@conifer/contract";
import { type ApiCall, type ApiHandlers, listReply } from "../../http/index.ts";
import { apiTime, type BusinessError, forbidden, notFound, pageOf } from "../../kernel/index.ts";
import { type Account, findAccount } from "../identity/index.ts";
import { createAuthorization, regenerateToken, type TokenDependencies } from "./create-authorization.ts";
import { type Authorization, parseDescription, secondsLeft } from "./token.ts";
import { deleteAuthorization, listAuthorizations, updateAuthorization } from "./token-store.ts";

const FIELDS = ["id"];

export function tokenHandlers(deps: TokenDependencies): ApiHandlers {
  const show = async (call: ApiCall, authorization: Authorization, token?: string) => ({
    body: present(authorization, {
      call,
      deps,
      token,
      user: await findAccount(deps.db, authorization.accountId),
    }),
  });
  const list = async (call: ApiCall) => {
    const mine = await listAuthorizations(deps.db, call.principal.accountId, deps.clock());
    const user = await findAccount(deps.db, call.principal.accountId);
    const bodies = mine.map((authorization) => present(authorization, { call, deps, user }));
    const request = call.page(FIELDS);
    return listReply({ request, page: pageOf(bodies, request), fields: FIELDS });
  };
  return {
    "GET /oauth/authorizations": list,
    "POST /oauth/authorizations": async (call) => {
      const body = call.body as RequestBodies["POST /oauth/authorizations"];
      if (body.client) throw noClients();
      const { accountId } = call.principal;
      const wanted = {
        accountId,
        description: body.description,
        scope: body.scope ?? undefined,
        expiresIn: body.expires_in === null || body.expires_in === undefined ? null : Number(body.expires_in),
      };
      const made = await createAuthorization(wanted, deps);
      return await show(call, made.authorization, made.token);
    },
    "GET /oauth/authorizations/{oauth_authorization}": async (call) => show(call, await find(call, deps)),
    "PATCH /oauth/authorizations/{oauth_authorization}": async (call) => {
      const body = call.body as RequestBodies["PATCH /oauth/authorizations/{oauth_authorization}"];
      if (body.client) throw noClients();
      const found = await find(call, deps);
      const description = body.description === undefined ? undefined : parseDescription(body.description);
      await updateAuthorization(deps.db, found.id, { description }, deps.clock());
      return await show(call, await find(call, deps));
    },
    "POST /oauth/authorizations/{oauth_authorization}/actions/regenerate-tokens": async (call) => {
      const made = await regenerateToken(await find(call, deps), deps);
      return await show(call, made.authorization, made.token);
    },
    "DELETE /oauth/authorizations/{oauth_authorization}": async (call) => {
      const found = await find(call, deps);
      await deleteAuthorization(deps.db, found.id);
      return await show(call, found);
    },
    ...sessionHandlers(),
  };
}

/** Conifer has no browser sessions: the list is empty, and the client tolerates that `~` is not found. */
function sessionHandlers(): ApiHandlers {
  return {
    "GET /oauth/sessions": async (call) => {
      const request = call.page(["id"]);
      return listReply({ request, page: pageOf<Record<string, unknown>>([], request), fields: ["id"] });
    },
    "DELETE /oauth/sessions/{session}": async () => {
      throw notFound("session");
    },
  };
}

function noClients(): BusinessError {
  return forbidden("Conifer has no OAuth clients yet: leave `client` out to use a token of your own.");
}

/** One of the caller's own, by its id. */
async function find(call: ApiCall, deps: TokenDependencies): Promise<Authorization> {
  const wanted = call.params.oauth_authorization?.toLowerCase();
  // `~` is the API key that a dashboard shows, which no account has here: the client must not spare the token it
  // logs out with because it takes it for that key. (facts: CLI client §1.5)
  const id = wanted === "~" ? undefined : wanted;
  const mine = await listAuthorizations(deps.db, call.principal.accountId, deps.clock());
  const found = mine.find((authorization) => authorization.id === id);
  if (!found) throw notFound("authorization");
  return found;
}

interface Shown {
  readonly call: ApiCall;
  readonly deps: TokenDependencies;
  readonly user: Account | undefined;
  /** Only where it was just made. */
  readonly token?: string;
}

function present(authorization: Authorization, { call, deps, user, token }: Shown) {
  return {
    id: authorization.id,
    description: authorization.description,
    scope: authorization.scope,
    access_token: {
      id: authorization.tokenId,
      token: token ?? authorization.tokenHint,
      expires_in: secondsLeft(authorization, deps.clock()),
      ...(call.variant === "sdk" ? { version: 1 } : {}),
    },
    client: null,
    grant: null,
    refresh_token: null,
    session: null,
    user: { id: authorization.accountId, email: user?.email ?? "", full_name: user?.name ?? null },
    created_at: apiTime(authorization.createdAt),
    updated_at: apiTime(authorization.updatedAt),
  };
}
