import { readFileSync, statSync } from "node:fs";
import { createSecureContext, type SecureContext } from "node:tls";
import type { Clock } from "../../kernel/index.ts";
import { parseRecord, recordFile } from "./asked-certificate-files.ts";

export interface KeptCertificateOptions {
  /** The folder of `CertificatesOnDemand`, which another process looks after. */
  readonly folder: string;
  readonly host: string;
  readonly now: Clock;
}

/** How often the file is looked at, at most. */
const LOOK_MS = 1_000;

/**
 * The certificate of one host that another process asks for, as its file has it at each call; undefined while there is none
 * that is good.
 */
export function openKeptCertificate({
  folder,
  host,
  now,
}: KeptCertificateOptions): () => SecureContext | undefined {
  const file = recordFile(folder, host);
  let seen: string | undefined;
  let kept: { readonly context: SecureContext; readonly to: number } | undefined;
  let lookAt = 0;
  return () => {
    const time = now().getTime();
    if (time >= lookAt || lookAt - time > LOOK_MS) {
      lookAt = time + LOOK_MS;
      const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
      const stamp = stat && `${stat.ino}:${stat.size}:${stat.mtimeNs}`;
      if (stamp !== seen) kept = stamp === undefined ? undefined : (load(file, host) ?? kept);
      seen = stamp;
    }
    return kept && kept.to > time ? kept.context : undefined;
  };
}

/** The file's owner tells what is wrong with it. */
function load(file: string, host: string) {
  try {
    const { current } = parseRecord(readFileSync(file, "utf8"), host);
    if (!current) return undefined;
    const context = createSecureContext({ cert: current.chain, key: current.key });
    return { context, to: current.to };
  } catch {
    return undefined;
  }
}
