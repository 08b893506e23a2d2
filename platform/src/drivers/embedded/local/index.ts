export { callPeer, type LocalPeer, open, PeerGone, streamPeer, upgradePeer } from "./local-client.ts";
export type { LocalCall } from "./local-routes.ts";
export { type LocalRoutes, startLocalServer } from "./local-server.ts";
