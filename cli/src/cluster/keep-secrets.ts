import { isNotFound, type KubeClient, type Secret } from "@conifer/platform/kubernetes-client";
import {
  completeSecrets,
  type KnownSecrets,
  makeSecrets,
  type SecretTexts,
} from "../installation/installation-keys.ts";
import {
  ADMIN_SECRET,
  DATABASE_SECRET,
  type Installation,
  KEYS,
  METRICS_SECRET,
} from "../installation/installation-names.ts";
import { kindOf } from "./api-kinds.ts";
import { applyObject } from "./apply-stages.ts";

/** What a Secret holds, its base64 undone; nothing when there is none. */
export async function readSecret(client: KubeClient, namespace: string, name: string): Promise<SecretTexts> {
  try {
    const { data = {} } = await client.get<Secret>({ kind: kindOf("Secret"), namespace }, name);
    const texts = Object.entries(data).map(([key, value]) => [
      key,
      Buffer.from(value, "base64").toString("utf8"),
    ]);
    return Object.fromEntries(texts);
  } catch (thrown) {
    if (isNotFound(thrown)) return {};
    throw thrown;
  }
}

export async function readSecrets(client: KubeClient, namespace: string): Promise<KnownSecrets> {
  const read = (name: string) => readSecret(client, namespace, name);
  const [keys, database, admin, metrics] = await Promise.all([
    read(KEYS),
    read(DATABASE_SECRET),
    read(ADMIN_SECRET),
    read(METRICS_SECRET),
  ]);
  return { keys, database, admin, metrics };
}

/** Makes the Secrets that are missing, and what is missing in them; no key that is there is replaced. */
export async function keepSecrets(
  installation: Installation,
  { client, signal }: { readonly client: KubeClient; readonly signal: AbortSignal },
): Promise<KnownSecrets> {
  const known = await readSecrets(client, installation.namespace);
  const secrets = completeSecrets(known, installation, () => new Date());
  for (const object of makeSecrets(secrets, installation)) await applyObject(object, { client, signal });
  return secrets;
}
