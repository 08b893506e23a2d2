import type { SleepingApps } from "../../../edge/route/index.ts";
import { BusinessError } from "../../../kernel/index.ts";
import { callPeer, type LocalPeer, type LocalRoutes } from "../local/index.ts";

/** The port's calls over a local socket: `POST /apps/used` with `{appIds}`, and `POST /apps/<app id>/wake`. */
export function sleepRoutes(sleeping: SleepingApps): LocalRoutes {
  return {
    handlers: {
      "POST /apps/used": async ({ json }) => {
        const { appIds } = ((await json()) ?? {}) as { readonly appIds?: unknown };
        if (!Array.isArray(appIds)) throw new BusinessError("bad_request", "appIds must be a list");
        await sleeping.used(appIds.map(String));
      },
      "POST /apps/:appId/wake": async ({ params }) => await sleeping.wake(params.appId ?? ""),
    },
  };
}

/** The sleeping apps of another process. Every call throws PeerGone while that process is away. */
export function makeSleepingAppsClient(peer: LocalPeer): SleepingApps {
  return {
    used: async (appIds) => void (await callPeer(peer, "POST /apps/used", { body: { appIds } })),
    wake: async (appId) => void (await callPeer(peer, `POST /apps/${encodeURIComponent(appId)}/wake`)),
  };
}
