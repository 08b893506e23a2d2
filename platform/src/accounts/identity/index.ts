export { type Account, meansCaller } from "./account.ts";
export { accountHandlers } from "./account-api.ts";
export {
  countAccounts,
  findAccount,
  findPasswordHash,
  lockAccounts,
  updateAccount,
} from "./account-store.ts";
export { createAccount, disableAccount, makePassword, setPassword } from "./create-account.ts";
export { passwordMatches } from "./password.ts";
export { makePasswordTries, type PasswordTries } from "./password-tries.ts";
