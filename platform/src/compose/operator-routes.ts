import {
  type KeyDependencies,
  listPublicKeys,
  presentKey,
  revokeKey,
  rotateKey,
} from "../delivery/attestation/index.ts";
import type { RunImages } from "../delivery/rebase/index.ts";
import type { LocalRoutes } from "../drivers/embedded/local/index.ts";
import { accountRoutes } from "./control-accounts.ts";
import type { ControlContext } from "./control-context.ts";
import { rebaseRoutes } from "./control-rebase.ts";

/** What only the operator may ask: by this machine's socket, or by way of a cluster's API. */
export function operatorRoutes(context: ControlContext, runImages: RunImages): readonly LocalRoutes[] {
  return [accountRoutes(context), signingKeyRoutes(context), rebaseRoutes(context, runImages)];
}

/** For `conifer signing-keys`: each answers with all keys. */
function signingKeyRoutes(deps: KeyDependencies): LocalRoutes {
  return {
    handlers: {
      "GET /signing-keys": async () => (await listPublicKeys(deps.db)).map(presentKey),
      "POST /signing-keys": async () => (await rotateKey(deps)).map(presentKey),
      "POST /signing-keys/:id/revoke": async (call) =>
        (await revokeKey(call.params.id ?? "", deps)).map(presentKey),
    },
  };
}
