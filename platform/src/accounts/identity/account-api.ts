import type { RequestBodies, Variant } from "@conifer/contract";
import type { ApiCall, ApiHandler, ApiHandlers, RateLimiter } from "../../http/index.ts";
import { listReply } from "../../http/index.ts";
import { apiTime, type Clock, type Db, notFound, pageOf } from "../../kernel/index.ts";
import { type Account, meansCaller } from "./account.ts";
import { findAccount } from "./account-store.ts";
import { type ChangeAccountDependencies, changeAccount } from "./change-account.ts";
import { type CloseAccountDependencies, closeAccount } from "./delete-account.ts";

export interface AccountApiDependencies extends ChangeAccountDependencies, CloseAccountDependencies {
  readonly rateLimiter: RateLimiter;
}

/** One's own account, under `/account` and under `/users/{account}`: accounts see only themselves. */
export function accountHandlers(deps: AccountApiDependencies): ApiHandlers {
  const show: ApiHandler = async (call) => ({
    body: presentAccount(await ownAccount(call, deps.db), call.variant),
  });
  const change: ApiHandler = async (call) => {
    const { id } = await ownAccount(call, deps.db);
    const body = call.body as RequestBodies["PATCH /account"];
    return { body: presentAccount(await changeAccount(id, body, deps), call.variant) };
  };
  const close: ApiHandler = async (call) => {
    const { id } = await ownAccount(call, deps.db);
    return { body: presentAccount(await closeAccount(id, deps), call.variant) };
  };
  return {
    "GET /account": show,
    "PATCH /account": change,
    "DELETE /account": close,
    "GET /users/{account}": show,
    "PATCH /users/{account}": change,
    "DELETE /users/{account}": close,
    "GET /account/rate-limits": async (call) => ({ body: remainingCalls(call, deps) }),
    ...emptyResources(),
  };
}

/** What an account has none of: Conifer knows no switches of an account, and git and dynos take tokens, not keys. */
function emptyResources(): ApiHandlers {
  const empty =
    (fields: readonly string[]): ApiHandler =>
    async (call) => {
      const request = call.page(fields);
      return listReply({ request, page: pageOf<Record<string, unknown>>([], request), fields });
    };
  const missing =
    (resource: string): ApiHandler =>
    async () => {
      throw notFound(resource);
    };
  return {
    "GET /account/features": empty(["id", "name"]),
    "GET /account/features/{account_feature}": missing("feature"),
    "PATCH /account/features/{account_feature}": missing("feature"),
    "GET /account/keys": empty(["id"]),
    "GET /account/keys/{key}": missing("key"),
  };
}

/** The caller's account, when the path means it: `~`, its id or its address. */
async function ownAccount({ params, principal }: ApiCall, db: Db): Promise<Account> {
  const own = meansCaller(params.account ?? "~", principal);
  const account = own ? await findAccount(db, principal.accountId) : undefined;
  if (!account) throw notFound("user");
  return account;
}

function remainingCalls(call: ApiCall, deps: { rateLimiter: RateLimiter; clock: Clock }) {
  return { remaining: deps.rateLimiter.take(call.principal.accountId, deps.clock().getTime(), 0).remaining };
}
/** The account as the API shows it. What belongs to paid accounts on Heroku has its neutral value here. */
function presentAccount(account: Account, variant: Variant) {
  return {
    ...(variant === "sdk" ? SDK_ONLY : {}),
    id: account.id,
    email: account.email,
    name: account.name,
    allow_tracking: account.allowTracking,
    beta: account.beta,
    created_at: apiTime(account.createdAt),
    updated_at: apiTime(account.updatedAt),
    last_login: account.lastLogin ? apiTime(account.lastLogin) : null,
    suspended_at: account.disabledAt ? apiTime(account.disabledAt) : null,
    delinquent_at: null,
    default_organization: null,
    default_team: null,
    federated: false,
    identity_provider: null,
    sms_number: null,
    two_factor_authentication: false,
    verified: true,
    country_of_residence: null,
  };
}

const SDK_ONLY = {
  eco_dynos_enabled: false,
  eco_dynos_shutdown_at: null,
  pipeline_cost_consent_at: null,
  acknowledged_msa: false,
  acknowledged_msa_at: null,
  italian_customer_terms: null,
  italian_partner_terms: null,
  mfa_enabled: false,
  mfa_exemption: false,
  mfa_exemption_reason: null,
  mfa_experience: "legacy",
};
