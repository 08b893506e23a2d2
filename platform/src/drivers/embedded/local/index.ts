export {
  type CallOptions,
  callPeer,
  type LocalPeer,
  open,
  PeerGone,
  streamPeer,
  upgradePeer,
} from "./local-client.ts";
export type { LocalCall, LocalHandler, LocalUpgrade } from "./local-routes.ts";
export { type LocalRoutes, type LocalServerOptions, startLocalServer } from "./local-server.ts";
