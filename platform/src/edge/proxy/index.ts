export {
  ListenError,
  LONGEST_LEAVE,
  type ProxyOptions,
  type RunningProxy,
  startProxy,
} from "./proxy-server.ts";
