import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { CertificatesOnDemand, readSecret, writeSecret } from "../edge/certificate/index.ts";
import { type Clock, type Logger, type Running, systemClock } from "../kernel/index.ts";
import type { Config } from "./config.ts";
import { readConiferVersion } from "./conifer-version.ts";

export interface IssuedTls extends Running {
  readonly certificates: CertificatesOnDemand;
  /** Begins to ask: what is proven is read at the router's port. */
  start(): void;
}

export interface IssuedTlsCall {
  readonly config: Pick<Config, "acme" | "home" | "domain" | "caBundle">;
  /** Whether this name is served here, and no certificate that the operator gave has it. */
  readonly wants: (host: string) => boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  readonly now?: Clock;
}

/** Certificates of the authority that the operator named; undefined where there is none. It need not answer for this. */
export async function openIssued(call: IssuedTlsCall): Promise<IssuedTls | undefined> {
  const { config, wants, env, logger, now = systemClock } = call;
  const { acme, home, domain, caBundle } = config;
  if (!acme) return undefined;
  const { makeAcmeIssuer } = await import("../drivers/acme/issuer/index.ts");
  const { directory, email, binding } = acme;
  const proxy = (name: string) => env[name] ?? env[name.toLowerCase()] ?? "";
  const accountFile = join(home.acme, `account-${idOf(directory)}.json`);
  const issuer = makeAcmeIssuer({
    ...{ directory, email, binding, now, agent: `Conifer/${readConiferVersion()}` },
    proxies: { https: proxy("HTTPS_PROXY"), none: proxy("NO_PROXY") },
    ca: caBundle === undefined ? undefined : await withUsual(caBundle, logger),
    account: {
      load: () => readSecret(accountFile),
      keep: (text) => writeSecret(accountFile, text),
    },
  });
  const certificates = await CertificatesOnDemand.open({
    ...{ folder: home.acme, authority: directory, issuer, own: [domain], wants, now, logger },
  });
  let running: Running | undefined;
  return {
    certificates,
    start: () => {
      running ??= certificates.start();
    },
    stop: async () => {
      await running?.stop();
      await issuer.close();
    },
  };
}

function idOf(directory: string): string {
  return createHash("sha256").update(directory).digest("hex").slice(0, 8);
}

/** An authority of the public internet has certificates that an operator's own authority has not signed. */
async function withUsual(bundle: string, logger: Logger): Promise<string> {
  const own = await readFile(bundle, "utf8").catch((error) => {
    logger.error("the bundle of CONIFER_CA_BUNDLE cannot be read; the usual authorities are trusted", {
      error,
    });
    return "";
  });
  return [own, ...rootCertificates].join("\n");
}
