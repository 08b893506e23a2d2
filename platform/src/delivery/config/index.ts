export { findConfig, insertConfig } from "./config-store.ts";
export {
  type ChangedConfig,
  type Config,
  type ConfigChange,
  changeConfig,
  describeChange,
} from "./config-vars.ts";
