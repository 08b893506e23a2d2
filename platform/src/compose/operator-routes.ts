import {
  type KeyDependencies,
  listPublicKeys,
  presentKey,
  revokeKey,
  rotateKey,
} from "../delivery/attestation/index.ts";
import type { LocalRoutes } from "../drivers/embedded/local/index.ts";
import { type AccountsDependencies, accountRoutes } from "./control-accounts.ts";

/** What only the operator may ask: by this machine's socket, or by way of a cluster's API. */
export function operatorRoutes(deps: AccountsDependencies & KeyDependencies): readonly LocalRoutes[] {
  return [accountRoutes(deps), signingKeyRoutes(deps)];
}

/** For `npm run signing-keys` and `conifer signing-keys`: each answers with all keys. */
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
