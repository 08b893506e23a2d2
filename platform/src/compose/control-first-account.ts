import { countAccounts, createAccount, makePassword } from "../accounts/identity/index.ts";
import { createAuthorization } from "../accounts/token/index.ts";
import { type Db, newId, systemClock } from "../kernel/index.ts";
import { type Access, readAccessFile, writeAccessFile } from "./access-file.ts";
import type { Config } from "./config.ts";

const USUAL_EMAIL = "admin@conifer.localhost";

/**
 * Makes the first account, its password and its token when the store has none, and writes access.json. When another
 * home made the account (a shared database), the file holds only what this home knows.
 */
export async function ensureFirstAccount(db: Db, config: Config): Promise<void> {
  const known = readAccessFile(config.home);
  const addresses = {
    api: `http://localhost:${config.apiPort}`,
    router: `http://localhost:${config.routerPort}`,
    domain: config.domain,
    ca: config.home.caFile,
  };
  if ((await countAccounts(db)) > 0) {
    const own: Pick<Access, "email" | "password" | "token"> = known ?? { email: "", password: "", token: "" };
    writeAccessFile(config.home, {
      ...addresses,
      email: own.email,
      password: own.password,
      token: own.token,
    });
    return;
  }
  const email = config.adminEmail ?? USUAL_EMAIL;
  const password = config.adminPassword ?? makePassword();
  const deps = { db, clock: systemClock, newId };
  const account = await createAccount({ email, password }, deps);
  const { token } = await createAuthorization(
    { accountId: account.id, description: "Made at the first start" },
    deps,
  );
  writeAccessFile(config.home, { ...addresses, email: account.email, password, token });
}
