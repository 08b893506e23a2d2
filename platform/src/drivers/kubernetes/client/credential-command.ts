import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { keepCredentials } from "./kept-credentials.ts";
import type { KubeAccess } from "./kube-access.ts";

/** The `exec` part of a kubeconfig's user: a program that prints a credential, as clusters of cloud providers have it. */
export interface ExecCommand {
  readonly apiVersion?: string;
  readonly command: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
  /** What its makers say to those who do not have it. */
  readonly installHint?: string;
}

export interface CredentialCommandOptions {
  readonly exec: ExecCommand;
  /** The kubeconfig's, where relative paths begin. */
  readonly folder: string;
  /** A program that takes longer is ended. Shorter in tests. */
  readonly withinMs?: number;
}

interface CredentialStatus {
  readonly token?: string;
  readonly clientCertificateData?: string;
  readonly clientKeyData?: string;
  readonly expirationTimestamp?: string;
}

const WITHIN_MS = 30_000;
/** A credential is not used in its last moments. */
const BEFORE_END_MS = 30_000;
const LONGEST_QUOTE = 500;

/**
 * Runs the program when a credential is asked for and none is known, it is about to expire, or the server refused it.
 * Errors name the program and quote what it said on stderr; never what it printed, which may hold the credential.
 */
export function runCredentialCommand(options: CredentialCommandOptions): KubeAccess["credentials"] {
  const { command } = options.exec;
  return keepCredentials(async () => {
    const status = readStatus(await run(options), command);
    const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = status;
    if (!token && !(cert && key)) throw new Error(`${command} printed no credential`);
    const credentials = {
      ...(token ? { token } : {}),
      ...(cert && key ? { certificate: { cert, key } } : {}),
    };
    const end = Date.parse(expirationTimestamp ?? "") - BEFORE_END_MS;
    return { credentials, until: Number.isNaN(end) ? Number.POSITIVE_INFINITY : end };
  });
}

async function run({ exec, folder, withinMs = WITHIN_MS }: CredentialCommandOptions): Promise<string> {
  const apiVersion = exec.apiVersion ?? "client.authentication.k8s.io/v1";
  const info = JSON.stringify({ apiVersion, kind: "ExecCredential", spec: { interactive: false } });
  const given = Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, value]));
  // A name with a slash is a path from the kubeconfig's folder, any other is looked up in PATH.
  const program = exec.command.includes("/") ? resolve(folder, exec.command) : exec.command;
  try {
    const { stdout } = await promisify(execFile)(program, [...(exec.args ?? [])], {
      env: { ...process.env, ...given, KUBERNETES_EXEC_INFO: info },
      timeout: withinMs,
      killSignal: "SIGKILL",
    });
    return stdout;
  } catch (thrown) {
    throw new Error(`${exec.command}, which the kubeconfig runs for a credential, ${failure(thrown, exec)}`);
  }
}

/** In our own words: Node's quote the arguments, which may hold secrets. */
function failure(thrown: unknown, { installHint }: ExecCommand): string {
  const { code, killed, stderr = "" } = thrown as { code?: unknown; killed?: boolean; stderr?: string };
  if (code === "ENOENT" || code === "EACCES")
    return `cannot be started (${code}); ${installHint ?? "install it or put it on PATH"}`;
  if (killed) return "did not end in time";
  const said = stderr.trim().slice(0, LONGEST_QUOTE);
  return `failed${typeof code === "number" ? ` with status ${code}` : ""}${said ? `: ${said}` : ""}`;
}

function readStatus(text: string, command: string): CredentialStatus {
  try {
    const { status } = JSON.parse(text) as { status?: CredentialStatus | null };
    return status ?? {};
  } catch {
    throw new Error(`${command} printed something other than a credential in JSON`);
  }
}
