import type { ArtifactStore } from "../delivery/attestation/index.ts";
import type { RebasedImages } from "../delivery/rebase/index.ts";
import { COMMON_SPACE, issuePushCredential, registryKeys } from "../delivery/registry/index.ts";
import {
  makeRegistryArtifacts,
  makeRegistryClient,
  makeRegistryRebasedImages,
} from "../drivers/registry/client/index.ts";
import { type MasterKey, systemClock } from "../kernel/index.ts";
import { appRepositoryName } from "./control-attestation.ts";

/** Long enough to push the documents of one image, and what is said of it. */
const GOOD_FOR_MS = 10 * 60 * 1_000;

/** Where run images are. */
const RUN_REPOSITORIES = ["conifer/run"];

/** Rebased images, and what is said of images, pushed to the apps' repositories of the registry at this address. */
export function openClusterArtifacts(
  url: string,
  masterKey: MasterKey,
): { readonly artifacts: ArtifactStore; readonly rebased: RebasedImages } {
  const keys = registryKeys(masterKey);
  const open = (appId: string) => {
    const until = new Date(systemClock().getTime() + GOOD_FOR_MS);
    const login = issuePushCredential({ space: COMMON_SPACE, name: appId }, until, keys);
    return makeRegistryClient({ url, login });
  };
  const options = { open, repositoryOf: appRepositoryName };
  return {
    artifacts: makeRegistryArtifacts(options),
    rebased: makeRegistryRebasedImages({ ...options, runRepositories: RUN_REPOSITORIES }),
  };
}
