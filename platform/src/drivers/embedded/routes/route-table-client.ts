import type { AppRoute, Endpoint, RouteTable } from "../../../edge/route/index.ts";
import { callPeer, type LocalPeer } from "../local/index.ts";

/** Writes the table of the router process. Throws PeerGone while the router is away: write again when it is back. */
export function makeRouteTableClient(peer: LocalPeer): RouteTable {
  return {
    async replace(version: number, routes: readonly AppRoute[]) {
      await callPeer(peer, "PUT /routes", { body: { version, routes } });
    },
    async put(version: number, route: AppRoute) {
      await callPeer(peer, `PUT /routes/${encodeURIComponent(route.appId)}`, { body: { version, route } });
    },
    async remove(version: number, appId: string) {
      await callPeer(peer, `DELETE /routes/${encodeURIComponent(appId)}?version=${version}`);
    },
    async endpoints(appId: string) {
      const answer = await callPeer(peer, `GET /endpoints/${encodeURIComponent(appId)}`);
      return (answer as { readonly endpoints: readonly Endpoint[] | null }).endpoints ?? undefined;
    },
  };
}
