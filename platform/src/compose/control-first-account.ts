import { countAccounts, createAccount, lockAccounts, makePassword } from "../accounts/identity/index.ts";
import { createAuthorization, makeToken } from "../accounts/token/index.ts";
import { type Db, newId, systemClock } from "../kernel/index.ts";
import { type Access, readAccessFile, writeAccessFile } from "./access-file.ts";
import type { Config } from "./config.ts";

const USUAL_EMAIL = "admin@conifer.localhost";

type Credentials = Pick<Access, "email" | "password" | "token">;

/**
 * Makes the first account, its password and its token when the store has none, and writes access.json. The file comes
 * first: a start that is killed in between goes on with what the file says, so that nobody is locked out. When another
 * home made the account (a shared database), the file holds only what this home knows. Of several processes that start at
 * once one makes the account, and the others wait for it.
 */
export async function ensureFirstAccount(db: Db, config: Config): Promise<void> {
  const write = (credentials: Credentials) =>
    writeAccessFile(config.home, {
      api: `http://localhost:${config.apiPort}`,
      router: `http://localhost:${config.routerPort}`,
      domain: config.domain,
      ca: config.home.caFile,
      ...credentials,
    });
  if ((await countAccounts(db)) > 0) return write(readKnown(config));
  await db.transaction().execute(async (trx) => {
    await lockAccounts(trx);
    const known = readKnown(config);
    if ((await countAccounts(trx)) > 0) return write(known);
    const first: Credentials = {
      email: (config.adminEmail ?? (known.email || USUAL_EMAIL)).toLowerCase(),
      password: config.adminPassword ?? (known.password || makePassword()),
      token: config.adminToken ?? (known.token || makeToken()),
    };
    write(first);
    await makeAccount(trx, first);
  });
}

async function makeAccount(trx: Db, first: Credentials): Promise<void> {
  const deps = { db: trx, clock: systemClock, newId };
  const { id: accountId } = await createAccount(first, deps);
  const description = "Made at the first start";
  await createAuthorization({ accountId, description, token: first.token }, deps);
}

/** A damaged file is written anew; what it held is then set again with `npm run account -- password`. */
function readKnown({ home }: Config): Credentials {
  try {
    const { email, password, token } = readAccessFile(home) ?? NOTHING;
    return { email, password, token };
  } catch {
    return NOTHING;
  }
}

const NOTHING: Credentials = { email: "", password: "", token: "" };
