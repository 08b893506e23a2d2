import type { Person } from "./stock-client.ts";

/**
 * Makes an account, or gives it a new password when an earlier journey of the same installation has made it, as an operator
 * types it; returns the password.
 */
export async function makeAccount(person: Pick<Person, "npm">, email: string): Promise<string> {
  const installation = process.env.CONIFER_INSTALLATION;
  const words = (verb: string) =>
    installation
      ? ["run", "-s", "conifer", "--", "accounts", verb, email, "--namespace", installation]
      : ["run", "-s", "account", "--", verb, email];
  const made = await person.npm(words("create"));
  const { stdout } = made.code === 0 ? made : await person.npm(words("password"));
  const password = /password: *(\S+)/.exec(stdout)?.[1];
  if (!password) throw new Error(`no account was made: ${made.stdout}${made.stderr}`);
  return password;
}
