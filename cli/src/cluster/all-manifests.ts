import type { KubeClient } from "@conifer/platform/kubernetes-client";
import { completeSecrets, makeSecrets, maskSecret } from "../installation/installation-keys.ts";
import type { Installation, Manifest } from "../installation/installation-names.ts";
import { makeInstallation } from "../installation/make-installation.ts";
import { readSecrets } from "./keep-secrets.ts";

/** Everything that an installation would apply, in that order. Secrets of the cluster are asked for, and changed by nobody. */
export async function allManifests(
  client: KubeClient,
  installation: Installation,
  showSecrets: boolean,
): Promise<Manifest[]> {
  const known = await readSecrets(client, installation.namespace);
  const complete = completeSecrets(known, installation, () => new Date());
  const secrets = makeSecrets(complete, installation);
  const [namespaces, ...rest] = makeInstallation(installation);
  return [
    ...(namespaces?.objects ?? []),
    ...(showSecrets ? secrets : secrets.map(maskSecret)),
    ...rest.flatMap(({ objects }) => objects),
  ];
}
