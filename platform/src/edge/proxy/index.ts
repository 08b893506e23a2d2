export { ListenError, type ProxyOptions, type RunningProxy, startProxy } from "./proxy-server.ts";
