import {
  createAccount,
  disableAccount,
  makePassword,
  makePasswordTries,
  type PasswordTries,
  setPassword,
} from "../accounts/identity/index.ts";
import { authenticatePassword, authenticateToken } from "../accounts/token/index.ts";
import type { LocalRoutes } from "../drivers/embedded/local/index.ts";
import type { Credentials } from "../http/index.ts";
import { type Clock, type Db, invalidParams, type NewId, type Principal } from "../kernel/index.ts";

export interface AccountsDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly newId: NewId;
}

/**
 * Who a caller is. The token is the password of Basic or the Bearer value; only the making of an authorization also
 * takes an account's own address and password, as `heroku login -i` sends them.
 */
export function makeAuthenticate(
  deps: AccountsDependencies,
  passwordTries: PasswordTries = makePasswordTries(),
) {
  return async (given: Credentials, route?: { readonly key: string }): Promise<Principal | undefined> => {
    const byToken = await authenticateToken(given.secret, deps);
    if (byToken || route?.key !== "POST /oauth/authorizations" || given.user === "") return byToken;
    return await passwordTries.attempt(given.user, deps.clock().getTime(), () =>
      authenticatePassword(given.user, given.secret, deps),
    );
  };
}

/** For the operator's `npm run account`. */
export function accountRoutes(deps: AccountsDependencies): LocalRoutes {
  return {
    handlers: {
      "POST /accounts": async (call) => {
        const { email, password } = ((await call.json()) ?? {}) as { email?: string; password?: string };
        if (!email) throw invalidParams("Name the account: npm run account -- create <email>.");
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
