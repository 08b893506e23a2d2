import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import type { KubeCredentials } from "./kube-access.ts";

/** The `exec` part of a kubeconfig's user: a program that prints a credential, as clusters of cloud providers have it. */
export interface ExecCommand {
  readonly apiVersion?: string;
  readonly command: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
}

interface ExecCredential {
  readonly status?: {
    readonly token?: string;
    readonly clientCertificateData?: string;
    readonly clientKeyData?: string;
    readonly expirationTimestamp?: string;
  };
}

const WITHIN_MS = 30_000;
/** A credential is not used in its last moments. */
const BEFORE_END_MS = 30_000;

/** Runs the program when a credential is asked for and none, or only an expired one, is known. */
export function runCredentialCommand(exec: ExecCommand, folder: string): () => Promise<KubeCredentials> {
  let kept: { readonly credentials: KubeCredentials; readonly until: number } | undefined;
  let running: Promise<KubeCredentials> | undefined;
  const renew = async () => {
    const { status = {} } = await run(exec, folder);
    const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = status;
    if (!token && !(cert && key)) throw new Error(`${exec.command} printed no credential`);
    const credentials = {
      ...(token ? { token } : {}),
      ...(cert && key ? { certificate: { cert, key } } : {}),
    };
    const end = expirationTimestamp ? Date.parse(expirationTimestamp) - BEFORE_END_MS : Number.NaN;
    kept = { credentials, until: Number.isNaN(end) ? Number.POSITIVE_INFINITY : end };
    return credentials;
  };
  return async () => {
    if (kept && Date.now() < kept.until) return kept.credentials;
    running ??= renew().finally(() => {
      running = undefined;
    });
    return await running;
  };
}

/** Throws with the program's own words when it fails. */
async function run(exec: ExecCommand, folder: string): Promise<ExecCredential> {
  const apiVersion = exec.apiVersion ?? "client.authentication.k8s.io/v1";
  const info = JSON.stringify({ apiVersion, kind: "ExecCredential", spec: { interactive: false } });
  const given = Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, value]));
  // A name with a slash is a path from the kubeconfig's folder, any other is looked up in PATH.
  const program = exec.command.includes("/") ? resolve(folder, exec.command) : exec.command;
  const { stdout } = await promisify(execFile)(program, [...(exec.args ?? [])], {
    env: { ...process.env, ...given, KUBERNETES_EXEC_INFO: info },
    timeout: WITHIN_MS,
  });
  return JSON.parse(stdout) as ExecCredential;
}
