import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openCertificateAuthority } from "@conifer/platform/certificate-authority";
import {
  ADMIN_SECRET,
  DATABASE_SECRET,
  type Installation,
  isPart,
  KEYS,
  type Manifest,
  METRICS_SECRET,
  manifest,
  objectName,
} from "./installation-names.ts";
import { givenMetricsToken, KEYS_FOLDER } from "./installation-settings.ts";
import { KEY_FILES, PORT, ROLE } from "./role-table.ts";

/** Texts by key, as a Secret holds them once its base64 is undone. */
export type SecretTexts = Readonly<Record<string, string>>;

/** A Secret of an installation: where it is, and how each of its keys is made the first time. */
export interface SecretShape {
  readonly name: string;
  readonly namespace: string;
  readonly keys: readonly string[];
}

/** The name in the certificate that roles show each other. */
export const INNER_NAME = "conifer.internal";
/** Nothing renews it by itself, so it lasts as long as its authority. */
const INNER_DAYS = 3640;

/** The Secrets that an installation needs. What one holds already stays: an upgrade replaces no key. */
export function secretShapes(installation: Installation): SecretShape[] {
  const { namespace, values } = installation;
  return [
    { name: KEYS, namespace, keys: KEY_FILES },
    { name: DATABASE_SECRET, namespace, keys: ["password", "url"] },
    { name: ADMIN_SECRET, namespace, keys: ["email", "password", "token"] },
    { name: METRICS_SECRET, namespace, keys: ["token"] },
    // A pod reads Secrets of its own namespace only.
    ...(isPart("agent", installation)
      ? [
          { name: KEYS, namespace: values.agentsNamespace, keys: ROLE.agent.keys },
          { name: METRICS_SECRET, namespace: values.agentsNamespace, keys: ["token"] },
        ]
      : []),
  ];
}

/** What the Secrets of the system namespace hold, all of them together. */
export interface KnownSecrets {
  readonly keys: SecretTexts;
  readonly database: SecretTexts;
  readonly admin: SecretTexts;
  readonly metrics: SecretTexts;
}

/**
 * Completes what is known: each part that is missing is made, nothing that is there is changed. The exceptions are the
 * address of a database and the token of scrapers where the values name them: these follow the values. Keys that belong
 * together (an authority's key and certificate) are made together.
 */
export function completeSecrets(
  known: KnownSecrets,
  installation: Installation,
  now: () => Date,
): KnownSecrets {
  const { namespace, values } = installation;
  const password = known.database.password ?? randomBytes(24).toString("base64url");
  // It speaks TLS only, with the certificate that roles show each other.
  const trust = `uselibpqcompat=true&sslmode=verify-ca&sslrootcert=${KEYS_FOLDER}/internal-ca.pem`;
  const server = `${objectName("database")}.${namespace}.svc:${PORT.database}`;
  const own = `postgres://conifer:${password}@${server}/postgres?${trust}`;
  return {
    keys: completeKeys(known.keys, now),
    database: { password, url: values["database.url"] ?? own },
    admin: {
      email: known.admin.email ?? values.adminEmail.toLowerCase(),
      password: known.admin.password ?? randomBytes(15).toString("base64url"),
      token: known.admin.token ?? `CNFR-${randomBytes(32).toString("base64url")}`,
    },
    metrics: {
      token: givenMetricsToken(values) ?? (known.metrics.token || randomBytes(32).toString("base64url")),
    },
  };
}

function completeKeys(known: SecretTexts, now: () => Date): SecretTexts {
  const hasAll = (...names: readonly string[]) => names.every((name) => known[name]);
  const authority = hasAll("ca.key", "ca.pem")
    ? {}
    : withAuthority(now, ({ key, caPem }) => ({ "ca.key": key, "ca.pem": caPem }));
  const inner = hasAll("internal.key", "internal.pem", "internal-ca.pem")
    ? {}
    : withAuthority(now, ({ caPem, issue }) => {
        const { cert, key } = issue([INNER_NAME]);
        return { "internal.key": key, "internal.pem": cert, "internal-ca.pem": caPem };
      });
  return {
    "master.json": makeMasterKey(),
    secret: randomBytes(32).toString("base64url"),
    ...known,
    ...authority,
    ...inner,
  };
}

function makeMasterKey(): string {
  return `${JSON.stringify({ current: 1, keys: { 1: randomBytes(32).toString("base64") } })}\n`;
}

interface FreshAuthority {
  /** Its private key, PEM. */
  readonly key: string;
  readonly caPem: string;
  readonly issue: (hosts: readonly string[]) => { readonly cert: string; readonly key: string };
}

/** A new authority. Its key is on disk only as long as it takes, readable by nobody else. */
function withAuthority(now: () => Date, use: (authority: FreshAuthority) => SecretTexts): SecretTexts {
  const folder = mkdtempSync(join(tmpdir(), "conifer-authority-"));
  try {
    const keyFile = join(folder, "ca.key");
    const options = { caFile: join(folder, "ca.pem"), keyFile, now, leafDays: INNER_DAYS };
    const { caPem, issue } = openCertificateAuthority(options);
    return use({ key: readFileSync(keyFile, "utf8"), caPem, issue });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The Secrets as objects. Values are base64, as the API has them. */
export function makeSecrets(secrets: KnownSecrets, installation: Installation): Manifest[] {
  const texts: Readonly<Record<string, SecretTexts>> = {
    [KEYS]: secrets.keys,
    [DATABASE_SECRET]: secrets.database,
    [ADMIN_SECRET]: secrets.admin,
    [METRICS_SECRET]: secrets.metrics,
  };
  return secretShapes(installation).map(({ name, namespace, keys }) => {
    const data = keys.map((key) => [key, Buffer.from(texts[name]?.[key] ?? "").toString("base64")]);
    const head = { apiVersion: "v1", kind: "Secret", name, namespace };
    return manifest(installation, head, { type: "Opaque", data: Object.fromEntries(data) });
  });
}

/** The same without what is secret, to be shown. */
export function maskSecret(object: Manifest): Manifest {
  if (object.kind !== "Secret") return object;
  const { data, ...rest } = object as Manifest & { data?: SecretTexts };
  const masked = Object.keys(data ?? {}).map((key) => [key, "<kept, or made by the installation>"]);
  return { ...rest, stringData: Object.fromEntries(masked) };
}
