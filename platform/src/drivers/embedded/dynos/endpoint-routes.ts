import type { EndpointNews, EndpointSource } from "../../../edge/route/index.ts";
import { type LocalPeer, type LocalRoutes, PeerGone, streamPeer } from "../local/index.ts";

const WATCH = "GET /endpoints";

/** Tells other Conifer processes where web dynos take requests. */
export function endpointRoutes(endpoints: EndpointSource): LocalRoutes {
  return { handlers: { [WATCH]: async ({ signal }) => endpoints.watch(signal) } };
}

/** The endpoints of another process's dynos; a watch throws PeerGone when that process goes away. */
export function makeEndpointSource(peer: LocalPeer): EndpointSource {
  return { watch: (signal) => watch(peer, signal) };
}

async function* watch(peer: LocalPeer, signal: AbortSignal): AsyncGenerator<EndpointNews> {
  for await (const news of streamPeer(peer, WATCH, { signal })) yield news as EndpointNews;
  if (!signal.aborted) throw new PeerGone("the dyno host went away");
}
