import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type ExecCommand, runCredentialCommand } from "./credential-command.ts";
import { keepCredentials } from "./kept-credentials.ts";
import type { KubeAccess } from "./kube-access.ts";

export type Fields = Readonly<Record<string, unknown>>;

/** A part of a kubeconfig with the file it stands in. */
export interface ConfigEntry {
  readonly fields: Fields;
  readonly file: string;
  /** Where relative paths begin. */
  readonly folder: string;
}

/** Tokens of a pod are renewed after four fifths of their life, an hour at least; so this is soon enough. */
const FILES_KEPT_MS = 60_000;

/** What a user of a kubeconfig proves itself with. Throws when that is half there, or of a kind that is not spoken. */
export function userCredentials(user: ConfigEntry): KubeAccess["credentials"] {
  const { fields, file, folder } = user;
  const has = (field: string) => Boolean(text(fields[field]) ?? text(fields[`${field}-data`]));
  for (const field of ["auth-provider", "username", "password"])
    if (fields[field])
      throw new Error(`${file}: a user with ${field} cannot be used; give it a token or exec`);
  if (has("client-certificate") !== has("client-key"))
    throw new Error(`${file}: a user needs both client-certificate and client-key, or neither`);
  const named = text(fields.tokenFile);
  if (named) return tokenFile(resolve(folder, named));
  if (fields.exec) return runCredentialCommand({ exec: execCommand(user), folder });
  const token = text(fields.token);
  return keepCredentials(async () => {
    const cert = await pemOf(user, "client-certificate");
    const key = await pemOf(user, "client-key");
    return {
      credentials: { ...(token ? { token } : {}), ...(cert && key ? { certificate: { cert, key } } : {}) },
      until: Date.now() + FILES_KEPT_MS,
    };
  });
}

/** The token in the file, which whoever mounted it may replace at any time. */
export function tokenFile(file: string): KubeAccess["credentials"] {
  return keepCredentials(async () => {
    const token = (await readNamed(file, "the token")).trim();
    if (!token) throw new Error(`the token file ${file} is empty`);
    return { credentials: { token }, until: Date.now() + FILES_KEPT_MS };
  });
}

/** PEM that stands in the document in base64 under `<field>-data`, or in a file whose name stands under `<field>`. */
export async function pemOf(
  { fields, file, folder }: ConfigEntry,
  field: string,
): Promise<string | undefined> {
  const data = text(fields[`${field}-data`]);
  const name = text(fields[field]);
  if (!data && !name) return undefined;
  const pem = data
    ? Buffer.from(data, "base64").toString("utf8")
    : await readNamed(resolve(folder, name ?? ""), `the ${field}`);
  if (pem.includes("-----BEGIN ")) return pem;
  throw new Error(data ? `${file}: ${field}-data is no PEM in base64` : `${file}: ${name} holds no PEM`);
}

/** Throws an error that says what was looked for, and where. */
export async function readNamed(file: string, what: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new Error(`cannot read ${what} from ${file}${code ? ` (${code})` : ""}`, { cause });
  }
}

export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function execCommand({ fields, file }: ConfigEntry): ExecCommand {
  const exec = fields.exec as Partial<ExecCommand>;
  if (!text(exec.command)) throw new Error(`${file}: a user's exec names no command`);
  return exec as ExecCommand;
}
