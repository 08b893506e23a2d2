export {
  type ChangedConfig,
  type Config,
  type ConfigChange,
  changeConfig,
  describeChange,
} from "./config.ts";
export { findConfig, insertConfig } from "./config-store.ts";
