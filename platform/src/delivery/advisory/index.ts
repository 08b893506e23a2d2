export { advisoryHandlers } from "./advisory-api.ts";
export type { AdvisoryFile, AdvisorySource } from "./advisory-ports.ts";
export { loadAdvisories } from "./load-advisories.ts";
