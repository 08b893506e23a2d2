import type { ArtifactStore } from "../delivery/attestation/index.ts";
import { COMMON_SPACE, issuePushCredential, registryKeys } from "../delivery/registry/index.ts";
import { makeRegistryArtifacts, makeRegistryClient } from "../drivers/registry/client/index.ts";
import { type MasterKey, systemClock } from "../kernel/index.ts";
import { appRepositoryName } from "./control-attestation.ts";

/** Long enough to push what is said of one image. */
const GOOD_FOR_MS = 10 * 60 * 1_000;

/** What is said of images, pushed to the apps' repositories of the registry at this address. */
export function openClusterArtifacts(url: string, masterKey: MasterKey): ArtifactStore {
  const keys = registryKeys(masterKey);
  return makeRegistryArtifacts({
    open: (appId) => {
      const until = new Date(systemClock().getTime() + GOOD_FOR_MS);
      const login = issuePushCredential({ space: COMMON_SPACE, name: appId }, until, keys);
      return makeRegistryClient({ url, login });
    },
    repositoryOf: appRepositoryName,
  });
}
