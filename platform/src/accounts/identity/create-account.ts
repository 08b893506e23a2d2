import { randomBytes } from "node:crypto";
import { type Clock, type Db, type NewId, notFound } from "../../kernel/index.ts";
import { type Account, accountTaken, checkPassword, parseEmail } from "./account.ts";
import { findAccount, insertAccount, updateAccount } from "./account-store.ts";
import { hashPassword } from "./password.ts";

export interface AccountDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly newId: NewId;
}

/** A password nobody has to think of: 20 characters, about 119 bits. */
export function makePassword(): string {
  return randomBytes(15).toString("base64url");
}

/** Makes an account. Throws invalid_params when the address is taken or the password too short. */
export async function createAccount(
  wanted: { readonly email: string; readonly password: string; readonly name?: string },
  deps: AccountDependencies,
): Promise<Account> {
  const email = parseEmail(wanted.email);
  checkPassword(wanted.password);
  const passwordHash = await hashPassword(wanted.password);
  const id = deps.newId();
  const account = { id, email, name: wanted.name ?? null, passwordHash, now: deps.clock() };
  if (!(await insertAccount(deps.db, account))) throw accountTaken(email);
  return await requireAccount(deps.db, id);
}

/** Sets a new password. Tokens go on working; revoke them with `heroku authorizations:revoke`. */
export async function setPassword(
  identity: string,
  password: string,
  deps: AccountDependencies,
): Promise<Account> {
  checkPassword(password);
  const account = await requireAccount(deps.db, identity);
  await updateAccount(deps.db, account.id, { passwordHash: await hashPassword(password) }, deps.clock());
  return account;
}

/** From now on neither the account's password nor its tokens are accepted. Its apps go on running. */
export async function disableAccount(identity: string, deps: AccountDependencies): Promise<Account> {
  const account = await requireAccount(deps.db, identity);
  await updateAccount(deps.db, account.id, { disabledAt: deps.clock() }, deps.clock());
  return account;
}

export async function requireAccount(db: Db, identity: string): Promise<Account> {
  const account = await findAccount(db, identity);
  if (!account) throw notFound("user");
  return account;
}
