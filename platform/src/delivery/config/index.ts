export { configSeals, findConfig, insertConfig } from "./config-store.ts";
export { type ConfigChange, changeConfig, describeChange, withSecrets } from "./config-vars.ts";
