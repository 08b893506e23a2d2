export {
  callPeer,
  type LocalPeer,
  open,
  PeerGone,
  type RemotePeer,
  readPeer,
  type SocketPeer,
  staleClaimOf,
  streamPeer,
  upgradePeer,
} from "./local-client.ts";
export type { LocalCall } from "./local-routes.ts";
export { type LocalRoutes, startLocalServer, startRemoteServer, type TracedCall } from "./local-server.ts";
export { passOn } from "./pass-on.ts";
export { readUpgradeBody } from "./upgrade-body.ts";
