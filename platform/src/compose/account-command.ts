import { type CallControl, runOperatorCommand } from "./operator-command.ts";

const USAGE = `Usage: npm run -s account -- create <email>     make an account and print its password
       npm run -s account -- password <email>   give it a new password
       npm run -s account -- disable <email>    end its sessions and refuse its password and tokens`;

export type AccountVerb = "create" | "password" | "disable";

/** Reads the command line, or throws how to use it. */
export function parseAccountArguments(args: readonly string[]): { verb: AccountVerb; email: string } {
  const [verb, email, ...rest] = args;
  const known = verb === "create" || verb === "password" || verb === "disable";
  if (!known || !email || rest.length > 0) throw new Error(USAGE);
  if (!/^[^@\s]+@[^@\s]+$/.test(email)) throw new Error(`"${email}" is not an email address.\n${USAGE}`);
  return { verb, email };
}

/** Does it, and returns what to print. */
export async function runAccountCommand(args: readonly string[], call: CallControl): Promise<string> {
  const { verb, email } = parseAccountArguments(args);
  const path = `/accounts/${encodeURIComponent(email)}`;
  switch (verb) {
    case "create":
      return credentials(await call("POST /accounts", { email }));
    case "password":
      return credentials(await call(`POST ${path}/password`));
    case "disable":
      await call(`POST ${path}/disable`);
      return `${email} is disabled.`;
  }
}

function credentials(answer: unknown): string {
  const { email, password } = answer as { email: string; password: string };
  return `email:    ${email}\npassword: ${password}`;
}

if (import.meta.main) await runOperatorCommand(runAccountCommand);
