import type { RequestBodies } from "@conifer/contract";
import { forbidden, invalidParams } from "../../kernel/index.ts";
import { type Account, accountTaken, checkPassword, parseEmail } from "./account.ts";
import { findPasswordHash, updateAccount } from "./account-store.ts";
import { type AccountDependencies, requireAccount } from "./create-account.ts";
import { hashPassword, passwordMatches } from "./password.ts";
import type { PasswordTries } from "./password-tries.ts";

export interface ChangeAccountDependencies extends AccountDependencies {
  readonly passwordTries: PasswordTries;
  /** The name of the unique or foreign key that a write ran into. */
  readonly violatedConstraint: (thrown: unknown) => string | undefined;
}

const LONGEST_NAME = 100;

/**
 * Changes what an account says of itself. A new address or password needs the current password; tokens go on working.
 * Throws forbidden without it, invalid_params for a bad or taken address, rate_limit after too many wrong passwords.
 */
export async function changeAccount(
  accountId: string,
  wanted: RequestBodies["PATCH /account"],
  deps: ChangeAccountDependencies,
): Promise<Account> {
  const account = await requireAccount(deps.db, accountId);
  if ((wanted.name ?? "").length > LONGEST_NAME)
    throw invalidParams(`A name has at most ${LONGEST_NAME} characters.`);
  const email = wanted.email === undefined ? undefined : parseEmail(wanted.email);
  if (wanted.new_password !== undefined) checkPassword(wanted.new_password);
  if (email !== undefined || wanted.new_password !== undefined)
    await requirePassword(account, wanted.password, deps);
  const passwordHash =
    wanted.new_password === undefined ? undefined : await hashPassword(wanted.new_password);
  const change = {
    name: wanted.name,
    allowTracking: wanted.allow_tracking,
    beta: wanted.beta,
    email,
    passwordHash,
  };
  try {
    await updateAccount(deps.db, accountId, change, deps.clock());
  } catch (thrown) {
    if (email !== undefined && deps.violatedConstraint(thrown) === "accounts_email")
      throw accountTaken(email);
    throw thrown;
  }
  return await requireAccount(deps.db, accountId);
}

async function requirePassword(
  account: Account,
  password: string | undefined,
  { db, clock, passwordTries }: ChangeAccountDependencies,
): Promise<void> {
  const right = await passwordTries.attempt(account.email, clock().getTime(), async () =>
    (await passwordMatches(password ?? "", await findPasswordHash(db, account.id))) ? true : undefined,
  );
  if (!right) throw forbidden("Changing the address or the password needs the current `password`.");
}
