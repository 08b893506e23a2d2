export { findConfig, insertConfig } from "./config-store.ts";
export { type ConfigChange, changeConfig, describeChange } from "./config-vars.ts";
