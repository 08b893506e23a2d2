import { conflict } from "../../kernel/index.ts";
import type { Account } from "./account.ts";
import { countAccounts, deleteAccount } from "./account-store.ts";
import { type AccountDependencies, requireAccount } from "./create-account.ts";

export interface CloseAccountDependencies extends AccountDependencies {
  /** The name of the unique or foreign key that a write ran into. */
  readonly violatedConstraint: (thrown: unknown) => string | undefined;
  /** Names of the apps that an account owns, as many as are worth telling. */
  readonly ownedApps: (accountId: string) => Promise<readonly string[]>;
}

/**
 * Closes an account for good: its tokens, and its part in other people's apps, go with it. Throws conflict while it owns
 * apps, and for the only account there is, because nobody could make another.
 */
export async function closeAccount(accountId: string, deps: CloseAccountDependencies): Promise<Account> {
  const account = await requireAccount(deps.db, accountId);
  const apps = await deps.ownedApps(accountId);
  if (apps.length > 0) throw ownsApps(apps);
  if ((await countAccounts(deps.db)) < 2) {
    throw conflict(
      "This is the only account. Have the operator make another first: npm run account -- create <email>.",
    );
  }
  try {
    await deleteAccount(deps.db, accountId);
  } catch (thrown) {
    if (deps.violatedConstraint(thrown) === "apps_owner_id_fkey")
      throw ownsApps(await deps.ownedApps(accountId));
    throw thrown;
  }
  return account;
}

function ownsApps(apps: readonly string[]) {
  return conflict(
    `The account still owns apps: ${apps.join(", ")}. Destroy them or transfer them to somebody else first.`,
  );
}
