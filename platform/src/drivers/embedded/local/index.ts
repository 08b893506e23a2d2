export {
  type CallOptions,
  callPeer,
  type LocalPeer,
  open,
  PeerGone,
  streamPeer,
  upgradePeer,
} from "./local-client.ts";
export {
  type LocalCall,
  type LocalHandler,
  type LocalRoutes,
  type LocalServerOptions,
  type LocalUpgrade,
  startLocalServer,
} from "./local-server.ts";
