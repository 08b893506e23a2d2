export { PROXY_LIMITS, type ProxyLimits } from "./proxy-limits.ts";
export {
  ListenError,
  type ProxyOptions,
  type ProxyTls,
  type RunningProxy,
  startProxy,
} from "./proxy-server.ts";
