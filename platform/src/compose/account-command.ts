import { readFileSync } from "node:fs";
import { callPeer, PeerGone } from "../drivers/embedded/local/index.ts";
import { errorText } from "../kernel/index.ts";
import { readConfig } from "./config.ts";

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

type CallControl = (route: string, body?: unknown) => Promise<unknown>;

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

async function main(args: readonly string[]): Promise<void> {
  const { home } = readConfig(process.env);
  const call: CallControl = async (route, body) => {
    const peer = { socketPath: home.controlSocket, secret: readSecret(home.secretFile) };
    return await callPeer(peer, route, { body });
  };
  try {
    console.log(await runAccountCommand(args, call));
  } catch (thrown) {
    if (!(thrown instanceof PeerGone)) throw thrown;
    throw new Error(`Conifer does not run in ${home.root}. Start it: npm start`, { cause: thrown });
  }
}

function readSecret(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new PeerGone(`${file} is not there`, { cause });
  }
}

if (import.meta.main) {
  main(process.argv.slice(2)).catch((thrown) => {
    console.error(errorText(thrown));
    process.exitCode = 1;
  });
}
