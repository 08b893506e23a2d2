export { defaultRegion, defaultStack, findByIdentity, generations, regions, stacks } from "./region.ts";
export { regionHandlers } from "./region-api.ts";
