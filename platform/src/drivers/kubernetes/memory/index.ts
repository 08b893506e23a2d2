export { startMemoryWatch } from "./memory-watch.ts";
