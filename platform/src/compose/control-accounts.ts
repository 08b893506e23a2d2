import { createAccount, disableAccount, makePassword, setPassword } from "../accounts/identity/index.ts";
import { authenticatePassword, authenticateToken } from "../accounts/token/index.ts";
import type { LocalRoutes } from "../drivers/embedded/local/index.ts";
import { type Credentials, makeRateLimiter } from "../http/index.ts";
import { BusinessError, type Clock, type Db, type NewId, type Principal } from "../kernel/index.ts";

export interface AccountsDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly newId: NewId;
}

/** Wrong passwords an address may be tried with in an hour. */
const PASSWORD_TRIES = 60;

/**
 * Who a caller is. The token is the password of Basic or the Bearer value; only the making of an authorization also
 * takes an account's own address and password, as `heroku login -i` sends them.
 */
export function makeAuthenticate(deps: AccountsDependencies) {
  const tries = makeRateLimiter(PASSWORD_TRIES);
  return async (given: Credentials, route?: { readonly key: string }): Promise<Principal | undefined> => {
    const byToken = await authenticateToken(given.secret, deps);
    if (byToken || route?.key !== "POST /oauth/authorizations" || given.user === "") return byToken;
    const address = given.user.toLowerCase();
    const now = deps.clock().getTime();
    if (tries.take(address, now, 0).remaining < 1) {
      throw new BusinessError(
        "rate_limit",
        "Too many wrong passwords for this account. Try again in a few minutes.",
      );
    }
    const byPassword = await authenticatePassword(given.user, given.secret, deps);
    if (!byPassword) tries.take(address, now);
    return byPassword;
  };
}

/** For the operator's `npm run account`. */
export function accountRoutes(deps: AccountsDependencies): LocalRoutes {
  return {
    handlers: {
      "POST /accounts": async (call) => {
        const { email, password } = (await call.json()) as { email: string; password?: string };
        const chosen = password ?? makePassword();
        const account = await createAccount({ email, password: chosen }, deps);
        return { email: account.email, password: chosen };
      },
      "POST /accounts/:email/password": async (call) => {
        const { password } = ((await call.json()) ?? {}) as { password?: string };
        const chosen = password ?? makePassword();
        const account = await setPassword(call.params.email ?? "", chosen, deps);
        return { email: account.email, password: chosen };
      },
      "POST /accounts/:email/disable": async (call) => {
        const account = await disableAccount(call.params.email ?? "", deps);
        return { email: account.email };
      },
    },
  };
}
