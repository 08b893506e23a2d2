import { BusinessError, invalidParams, type Principal } from "../../kernel/index.ts";

/** Somebody who may log in. */
export interface Account {
  readonly id: string;
  readonly email: string;
  readonly name: string | null;
  readonly allowTracking: boolean;
  readonly beta: boolean;
  readonly disabledAt: Date | null;
  readonly lastLogin: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** True when a path's account identity means the caller: `~`, the id or the address, whatever their case. */
export function meansCaller(identity: string, caller: Pick<Principal, "accountId" | "email">): boolean {
  return ["~", caller.accountId, caller.email.toLowerCase()].includes(identity.toLowerCase());
}

export const SHORTEST_PASSWORD = 8;
const LONGEST_PASSWORD = 1_024;

/** The address in the one form that is kept, or a refusal that says what is wrong. */
export function parseEmail(text: string): string {
  const email = text.trim().toLowerCase();
  if (email.length > 254 || !/^[^\s@"<>:,;]+@[^\s@"<>:,;]+$/.test(email)) {
    throw invalidParams(`"${text.slice(0, 100)}" is not an e-mail address.`);
  }
  return email;
}

export function checkPassword(password: string): void {
  if (password.length >= SHORTEST_PASSWORD && password.length <= LONGEST_PASSWORD) return;
  throw invalidParams(`A password has ${SHORTEST_PASSWORD} to ${LONGEST_PASSWORD} characters.`);
}

export function accountTaken(email: string): BusinessError {
  return new BusinessError("invalid_params", `There is already an account for ${email}.`);
}
