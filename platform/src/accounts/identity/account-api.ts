import type { RequestBodies, Variant } from "@conifer/contract";
import type { ApiCall, ApiHandlers, RateLimiter } from "../../http/index.ts";
import { listReply } from "../../http/index.ts";
import {
  apiTime,
  type Clock,
  type Db,
  forbidden,
  invalidParams,
  notFound,
  pageOf,
} from "../../kernel/index.ts";
import { type Account, accountTaken, checkPassword, parseEmail } from "./account.ts";
import { findAccount, findPasswordHash, updateAccount } from "./account-store.ts";
import { type AccountDependencies, requireAccount, setPassword } from "./create-account.ts";
import { passwordMatches } from "./password.ts";

export interface AccountApiDependencies extends AccountDependencies {
  readonly rateLimiter: RateLimiter;
}

export function accountHandlers(deps: AccountApiDependencies): ApiHandlers {
  return {
    "GET /account": async (call) => ({
      body: presentAccount(await requireAccount(deps.db, call.principal.accountId), call.variant),
    }),
    "PATCH /account": async (call) => ({
      body: presentAccount(await changeAccount(call, deps), call.variant),
    }),
    "GET /account/rate-limits": async (call) => ({ body: remainingCalls(call, deps) }),
    "GET /users/{account}": async (call) => ({
      body: presentAccount(await ownAccount(call, deps.db), call.variant),
    }),
    "GET /account/features": async (call) => {
      const request = call.page(["id", "name"]);
      return listReply({
        request,
        page: pageOf<Record<string, unknown>>([], request),
        fields: ["id", "name"],
      });
    },
    "GET /account/features/{account_feature}": async () => {
      throw notFound("feature");
    },
  };
}

/** Accounts see only themselves: `~`, their own id or their own address. */
async function ownAccount(call: ApiCall, db: Db): Promise<Account> {
  const identity = call.params.account ?? "~";
  const account = await findAccount(db, identity === "~" ? call.principal.accountId : identity);
  if (account?.id !== call.principal.accountId) throw notFound("user");
  return account;
}

function remainingCalls(call: ApiCall, deps: { rateLimiter: RateLimiter; clock: Clock }) {
  return { remaining: deps.rateLimiter.take(call.principal.accountId, deps.clock().getTime(), 0).remaining };
}

async function changeAccount(call: ApiCall, deps: AccountDependencies): Promise<Account> {
  const body = call.body as RequestBodies["PATCH /account"] & {
    email?: string;
    password?: string;
    new_password?: string;
  };
  const { accountId } = call.principal;
  const secretChange = body.email !== undefined || body.new_password !== undefined;
  if (
    secretChange &&
    !(await passwordMatches(body.password ?? "", await findPasswordHash(deps.db, accountId)))
  ) {
    throw forbidden("Changing the address or the password needs the current `password`.");
  }
  if (body.name !== undefined && (body.name ?? "").length > 100)
    throw invalidParams("A name has at most 100 characters.");
  const email = body.email === undefined ? undefined : parseEmail(body.email);
  if (email) {
    const other = await findAccount(deps.db, email);
    if (other && other.id !== accountId) throw accountTaken(email);
  }
  if (body.new_password !== undefined) checkPassword(body.new_password);
  await updateAccount(
    deps.db,
    accountId,
    { name: body.name, email, allowTracking: body.allow_tracking, beta: body.beta },
    deps.clock(),
  );
  if (body.new_password !== undefined) await setPassword(accountId, body.new_password, deps);
  return await requireAccount(deps.db, accountId);
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
